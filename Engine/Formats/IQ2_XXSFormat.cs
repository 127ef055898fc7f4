using Engine.Formats.Codebooks;

namespace Engine.Formats;

/// <summary>256 weights in 8 groups of 32: a group is four points of eight levels, their signs and a 4-bit scale,
/// <c>w = d · (s + ½) / 4 · level · ±1</c>.</summary>
internal sealed class IQ2_XXSFormat : BlockFormat
{
    internal const int Elements = 256;
    internal const int Bytes = 66;
    internal const int GroupElements = 32;
    internal const int ScaleOffset = 0;

    /// <summary>Eight bytes a group: four indices, then a word with four times seven signs and the scale in the top
    /// four bits.</summary>
    internal const int GroupsOffset = 2;

    public override WeightType Type => WeightType.IQ2_XXS;

    public override int BlockElements => Elements;

    public override int BlockBytes => Bytes;

    protected override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, ScaleOffset);
        for (int g = 0; g < Elements / GroupElements; g++)
        {
            ReadOnlySpan<byte> group = block.Slice(GroupsOffset + g * 8, 8);
            uint word = ReadUInt32(group, 4);
            float scale = d * (0.5f + (word >> 28)) * 0.25f;
            for (int p = 0; p < 4; p++)
            {
                Codebook.WriteEight(
                    IQ2_XXSGrid.Points[group[p]],
                    IQ2_XXSGrid.Levels,
                    scale,
                    Codebook.EvenSigns(word >> 7 * p),
                    values.Slice(g * GroupElements + p * 8, 8));
            }
        }
    }
}
