using Engine.Formats.Codebooks;

namespace Engine.Formats;

/// <summary>256 weights in 8 groups of 32: a group is four points of eight levels with their signs, and a 4-bit scale
/// for each half, <c>w = d · (s + ½) / 4 · level · ±1</c>.</summary>
internal sealed class IQ2_XSFormat : BlockFormat
{
    internal const int Elements = 256;
    internal const int Bytes = 74;
    internal const int GroupElements = 32;
    internal const int ScaleOffset = 0;

    /// <summary>A 16-bit word for each point: nine bits of index, seven of signs.</summary>
    internal const int PointsOffset = 2;

    /// <summary>One byte a group: the scale of points 0 and 1 in the low, of 2 and 3 in the high nibble.</summary>
    internal const int GroupScalesOffset = 66;

    public override WeightType Type => WeightType.IQ2_XS;

    public override int BlockElements => Elements;

    public override int BlockBytes => Bytes;

    protected override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, ScaleOffset);
        for (int p = 0; p < Elements / 8; p++)
        {
            int word = ReadUInt16(block, PointsOffset + p * 2);
            int s = block[GroupScalesOffset + p / 4] >> p % 4 / 2 * 4 & 15;
            Codebook.WriteEight(
                IQ2_XSGrid.Points[word & 511],
                IQ2_XSGrid.Levels,
                d * (0.5f + s) * 0.25f,
                Codebook.EvenSigns((uint)word >> 9),
                values.Slice(p * 8, 8));
        }
    }
}
