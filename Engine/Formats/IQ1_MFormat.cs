using Engine.Formats.Codebooks;
using Engine.Memory;

namespace Engine.Formats;

/// <summary>256 weights in 8 groups of 32: a group is four points of eight levels −1, 0 and 1, each with a shift
/// δ = ±⅛, and a 3-bit scale for each half, <c>w = d · (2s + 1) · (level + δ)</c>.</summary>
internal sealed class IQ1_MFormat : BlockFormat
{
    internal const int Elements = 256;
    internal const int Bytes = 56;
    internal const int GroupElements = 32;

    /// <summary>One byte a point: the low eight bits of the index.</summary>
    internal const int PointsOffset = 0;

    /// <summary>One nibble a point: the upper three bits of the index, and a bit that makes the shift negative.
    /// </summary>
    internal const int HighBitsOffset = 32;

    /// <summary>Four 16-bit words: four 3-bit scales each, and in their top bits the four nibbles of the binary16 d.
    /// </summary>
    internal const int GroupScalesOffset = 48;

    public override WeightType Type => WeightType.IQ1_M;

    public override int BlockElements => Elements;

    public override int BlockBytes => Bytes;

    protected override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        int bits = 0;
        for (int k = 0; k < 4; k++) bits |= ReadUInt16(block, GroupScalesOffset + k * 2) >> 12 << 4 * k;
        float d = HalfConversion.ToSingle((ushort)bits);
        for (int p = 0; p < Elements / 8; p++)
        {
            int half = p / 2;
            int s = ReadUInt16(block, GroupScalesOffset + half / 4 * 2) >> half % 4 * 3 & 7;
            int high = block[HighBitsOffset + half] >> p % 2 * 4;
            Codebook.WriteShifted(
                IQ1Grid.Points[block[PointsOffset + p] | (high & 7) << 8],
                d * (2 * s + 1),
                (high & 8) != 0 ? -IQ1_SFormat.Shift : IQ1_SFormat.Shift,
                values.Slice(p * 8, 8));
        }
    }
}
