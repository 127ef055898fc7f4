using Engine.Formats.Codebooks;

namespace Engine.Formats;

/// <summary>256 weights in 8 groups of 32: a group is eight points of four levels, their signs and a 4-bit scale,
/// <c>w = d · (s + ½) / 2 · level · ±1</c>.</summary>
internal sealed class IQ3_XXSFormat : BlockFormat
{
    internal const int Elements = 256;
    internal const int Bytes = 98;
    internal const int GroupElements = 32;
    internal const int ScaleOffset = 0;

    /// <summary>One byte a point: its index.</summary>
    internal const int PointsOffset = 2;

    /// <summary>A word for each group: four times seven signs and the scale in the top four bits.</summary>
    internal const int GroupWordsOffset = 66;

    public override WeightType Type => WeightType.IQ3_XXS;

    public override int BlockElements => Elements;

    public override int BlockBytes => Bytes;

    protected override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, ScaleOffset);
        for (int g = 0; g < Elements / GroupElements; g++)
        {
            uint word = ReadUInt32(block, GroupWordsOffset + g * 4);
            float scale = d * (0.5f + (word >> 28)) * 0.5f;
            for (int p = 0; p < 4; p++)
            {
                ReadOnlySpan<byte> pair = block.Slice(PointsOffset + g * 8 + p * 2, 2);
                Codebook.WriteFourAndFour(
                    IQ3_XXSGrid.Points[pair[0]],
                    IQ3_XXSGrid.Points[pair[1]],
                    IQ3_XXSGrid.Levels,
                    scale,
                    Codebook.EvenSigns(word >> 7 * p),
                    values.Slice(g * GroupElements + p * 8, 8));
            }
        }
    }
}
