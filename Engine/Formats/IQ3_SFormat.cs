using Engine.Formats.Codebooks;

namespace Engine.Formats;

/// <summary>256 weights in 8 groups of 32: a group is eight points of four levels with their signs, and a 4-bit scale,
/// <c>w = d · (2s + 1) · level · ±1</c>.</summary>
internal sealed class IQ3_SFormat : BlockFormat
{
    internal const int Elements = 256;
    internal const int Bytes = 110;
    internal const int GroupElements = 32;
    internal const int ScaleOffset = 0;

    /// <summary>One byte a point: the low eight bits of the index.</summary>
    internal const int PointsOffset = 2;

    /// <summary>One byte a group: bit p is the ninth bit of the index of point p.</summary>
    internal const int HighBitsOffset = 66;

    /// <summary>One byte for two points: a sign for each level.</summary>
    internal const int SignsOffset = 74;

    /// <summary>One byte for two groups: the scale of the even group in the low nibble.</summary>
    internal const int GroupScalesOffset = 106;

    public override WeightType Type => WeightType.IQ3_S;

    public override int BlockElements => Elements;

    public override int BlockBytes => Bytes;

    protected override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, ScaleOffset);
        for (int g = 0; g < Elements / GroupElements; g++)
        {
            int s = block[GroupScalesOffset + g / 2] >> g % 2 * 4 & 15;
            int high = block[HighBitsOffset + g];
            for (int p = 0; p < 4; p++)
            {
                ReadOnlySpan<byte> pair = block.Slice(PointsOffset + g * 8 + p * 2, 2);
                Codebook.WriteFourAndFour(
                    IQ3_SGrid.Points[pair[0] | (high >> 2 * p & 1) << 8],
                    IQ3_SGrid.Points[pair[1] | (high >> (2 * p + 1) & 1) << 8],
                    IQ3_SGrid.Levels,
                    d * (1 + 2 * s),
                    block[SignsOffset + g * 4 + p],
                    values.Slice(g * GroupElements + p * 8, 8));
            }
        }
    }
}
