using System.Numerics;

namespace Engine.Formats.Codebooks;

/// <summary>What the formats with codebooks share: a point of the codebook becomes scaled, signed weights.</summary>
/// <remarks>The tables stay packed in read-only data: two bytes a point are 4 KiB for the largest codebook, so that it
/// shares the first-level cache with the rows, where the unpacked 16 KiB would not.</remarks>
internal static class Codebook
{
    /// <summary>Eight signs from the seven that are stored: the number of minus signs is even.</summary>
    internal static int EvenSigns(uint stored) =>
        (int)(stored & 127 | (uint)(BitOperations.PopCount(stored & 127) & 1) << 7);

    /// <summary>Writes one point of eight levels, two bits each: <c>w = (scale · level) · ±1</c>.</summary>
    internal static void WriteEight(
        ushort point, ReadOnlySpan<sbyte> levels, float scale, int signs, Span<float> values)
    {
        for (int j = 0; j < 8; j++)
            values[j] = scale * levels[point >> 2 * j & 3] * (1 - (signs >> j & 1) * 2);
    }

    /// <summary>Writes two points of four levels, four bits each: <c>w = (scale · level) · ±1</c>.</summary>
    internal static void WriteFourAndFour(
        ushort first, ushort second, ReadOnlySpan<sbyte> levels, float scale, int signs, Span<float> values)
    {
        uint points = first | (uint)second << 16;
        for (int j = 0; j < 8; j++)
            values[j] = scale * levels[(int)(points >> 4 * j & 15)] * (1 - (signs >> j & 1) * 2);
    }

    /// <summary>Writes one point of eight levels −1, 0 and 1: <c>w = scale · (level + shift)</c>.</summary>
    internal static void WriteShifted(ushort point, float scale, float shift, Span<float> values)
    {
        for (int j = 0; j < 8; j++) values[j] = scale * ((point >> 2 * j & 3) - 1 + shift);
    }
}
