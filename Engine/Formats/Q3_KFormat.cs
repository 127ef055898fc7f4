using Engine.Formats.Encoding;

namespace Engine.Formats;

/// <summary>256 signed 3-bit weights in 16 groups of 16, each with a 6-bit scale:
/// <c>w = d · (s − 32) · (q − 4)</c>.</summary>
internal sealed class Q3_KFormat : BlockFormat
{
    internal const int Elements = 256;
    internal const int Bytes = 110;
    internal const int GroupElements = 16;

    /// <summary>32 bytes: element 32 k + l has its third bit in bit k of byte l (a set bit adds 4).</summary>
    internal const int HighBitsOffset = 0;

    /// <summary>32 bytes for each half of 128: element 32 k + l of a half is bits 2k and 2k + 1 of byte l.</summary>
    internal const int QuantsOffset = 32;

    /// <summary>12 bytes, see <see cref="GroupScale"/>.</summary>
    internal const int GroupScalesOffset = 96;

    internal const int ScaleOffset = 108;

    /// <summary>The scale of a group, −32…31: the low four bits of groups 0…7 and 8…15 share bytes 0…7, the upper two
    /// bits of groups g, g + 4, g + 8 and g + 12 share byte 8 + g.</summary>
    /// <param name="packed">The 12 bytes at <see cref="GroupScalesOffset"/>.</param>
    /// <param name="group">0…15.</param>
    internal static int GroupScale(ReadOnlySpan<byte> packed, int group)
    {
        int low = packed[group & 7] >> (group >> 3) * 4 & 15;
        int high = packed[8 + (group & 3)] >> (group >> 2) * 2 & 3;
        return (low | high << 4) - 32;
    }

    public override WeightType Type => WeightType.Q3_K;

    public override int BlockElements => Elements;

    public override int BlockBytes => Bytes;

    public override bool CanEncode => true;

    protected override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, ScaleOffset);
        ReadOnlySpan<byte> packed = block.Slice(GroupScalesOffset, 12);
        for (int g = 0; g < Elements / GroupElements; g++)
        {
            float scale = d * GroupScale(packed, g);
            ReadOnlySpan<byte> quants = block.Slice(QuantsOffset + g / 8 * 32 + g % 2 * 16, GroupElements);
            ReadOnlySpan<byte> high = block.Slice(HighBitsOffset + g % 2 * 16, GroupElements);
            int shift = g % 8 / 2 * 2;
            for (int l = 0; l < GroupElements; l++)
            {
                int q = (quants[l] >> shift & 3) | (high[l] >> g / 2 & 1) << 2;
                values[g * GroupElements + l] = scale * (q - 4);
            }
        }
    }

    protected override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<byte> codes = stackalloc byte[Elements];
        Span<int> scales = stackalloc int[Elements / GroupElements];
        float d = ScaleSearch.FitBlock(values, new LevelSet(-4, 3), -32, 31, scales, codes);
        WriteHalf(block, ScaleOffset, d);
        for (int g = 0; g < scales.Length; g++)
        {
            int scale = scales[g] + 32;
            block[GroupScalesOffset + g % 8] |= (byte)((scale & 15) << g / 8 * 4);
            block[GroupScalesOffset + 8 + g % 4] |= (byte)(scale >> 4 << g / 4 * 2);
        }

        for (int i = 0; i < Elements; i++)
        {
            block[QuantsOffset + i / 128 * 32 + i % 32] |= (byte)((codes[i] & 3) << i % 128 / 32 * 2);
            block[HighBitsOffset + i % 32] |= (byte)(codes[i] >> 2 << i / 32);
        }
    }
}
