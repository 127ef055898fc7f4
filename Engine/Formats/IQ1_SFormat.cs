using Engine.Formats.Codebooks;

namespace Engine.Formats;

/// <summary>256 weights in 8 groups of 32: a group is four points of eight levels −1, 0 and 1, a 3-bit scale and a
/// shift δ = ±⅛ off the levels, <c>w = d · (2s + 1) · (level + δ)</c>.</summary>
internal sealed class IQ1_SFormat : BlockFormat
{
    internal const int Elements = 256;
    internal const int Bytes = 50;
    internal const int GroupElements = 32;
    internal const float Shift = 0.125f;
    internal const int ScaleOffset = 0;

    /// <summary>One byte a point: the low eight bits of the index.</summary>
    internal const int PointsOffset = 2;

    /// <summary>A 16-bit word for each group: four times the upper three bits of an index, the scale, and a top bit
    /// that makes the shift negative.</summary>
    internal const int GroupWordsOffset = 34;

    public override WeightType Type => WeightType.IQ1_S;

    public override int BlockElements => Elements;

    public override int BlockBytes => Bytes;

    protected override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, ScaleOffset);
        for (int g = 0; g < Elements / GroupElements; g++)
        {
            int word = ReadUInt16(block, GroupWordsOffset + g * 2);
            float scale = d * (2 * (word >> 12 & 7) + 1);
            float shift = (word & 0x8000) != 0 ? -Shift : Shift;
            for (int p = 0; p < 4; p++)
            {
                int index = block[PointsOffset + g * 4 + p] | (word >> 3 * p & 7) << 8;
                Codebook.WriteShifted(
                    IQ1Grid.Points[index], scale, shift, values.Slice(g * GroupElements + p * 8, 8));
            }
        }
    }
}
