using Engine.Formats.Encoding;

namespace Engine.Formats;

/// <summary>256 indices into the levels of <see cref="IQ4_NLFormat"/> in 8 groups of 32, each with a 6-bit scale:
/// <c>w = d · (s − 32) · Levels[q]</c>.</summary>
internal sealed class IQ4_XSFormat : BlockFormat
{
    internal const int Elements = 256;
    internal const int Bytes = 136;
    internal const int GroupElements = 32;
    internal const int ScaleOffset = 0;

    /// <summary>A 16-bit word: the upper two bits of the scale of group g are bits 2g and 2g + 1.</summary>
    internal const int HighScalesOffset = 2;

    /// <summary>Four bytes: the low four bits of the scales, even groups in the low nibbles.</summary>
    internal const int LowScalesOffset = 4;

    /// <summary>16 bytes a group: byte j holds element j in its low and element j + 16 in its high nibble.</summary>
    internal const int QuantsOffset = 8;

    /// <summary>The scale of a group 0…7, −32…31.</summary>
    internal static int GroupScale(ReadOnlySpan<byte> block, int group)
    {
        int low = block[LowScalesOffset + group / 2] >> group % 2 * 4 & 15;
        int high = ReadUInt16(block, HighScalesOffset) >> group * 2 & 3;
        return (low | high << 4) - 32;
    }

    public override WeightType Type => WeightType.IQ4_XS;

    public override int BlockElements => Elements;

    public override int BlockBytes => Bytes;

    public override bool CanEncode => true;

    protected override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, ScaleOffset);
        ReadOnlySpan<sbyte> levels = IQ4_NLFormat.Levels;
        for (int g = 0; g < Elements / GroupElements; g++)
        {
            float scale = d * GroupScale(block, g);
            ReadOnlySpan<byte> quants = block.Slice(QuantsOffset + g * 16, 16);
            Span<float> group = values.Slice(g * GroupElements, GroupElements);
            for (int j = 0; j < 16; j++)
            {
                group[j] = scale * levels[quants[j] & 15];
                group[j + 16] = scale * levels[quants[j] >> 4];
            }
        }
    }

    protected override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<byte> codes = stackalloc byte[Elements];
        Span<int> scales = stackalloc int[Elements / GroupElements];
        float d = ScaleSearch.FitBlock(values, new LevelSet(IQ4_NLFormat.Levels), -32, 31, scales, codes);
        WriteHalf(block, ScaleOffset, d);
        for (int g = 0; g < scales.Length; g++)
        {
            int scale = scales[g] + 32;
            block[LowScalesOffset + g / 2] |= (byte)((scale & 15) << g % 2 * 4);
            block[HighScalesOffset + g / 4] |= (byte)(scale >> 4 << g % 4 * 2);
            for (int j = 0; j < 16; j++)
            {
                ReadOnlySpan<byte> group = codes.Slice(g * GroupElements, GroupElements);
                block[QuantsOffset + g * 16 + j] = (byte)(group[j] | group[j + 16] << 4);
            }
        }
    }
}
