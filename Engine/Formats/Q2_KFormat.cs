using Engine.Formats.Encoding;

namespace Engine.Formats;

/// <summary>256 unsigned 2-bit weights in 16 groups of 16, each with a 4-bit scale and a 4-bit minimum:
/// <c>w = (d · s) · q − dmin · m</c>.</summary>
internal sealed class Q2_KFormat : BlockFormat
{
    internal const int Elements = 256;
    internal const int Bytes = 84;
    internal const int GroupElements = 16;

    /// <summary>One byte a group: the scale in the low, the minimum in the high nibble.</summary>
    internal const int GroupScalesOffset = 0;

    /// <summary>32 bytes for each half of 128: element 32 k + l of a half is bits 2k and 2k + 1 of byte l.</summary>
    internal const int QuantsOffset = 16;

    internal const int ScaleOffset = 80;
    internal const int MinimumOffset = 82;

    public override WeightType Type => WeightType.Q2_K;

    public override int BlockElements => Elements;

    public override int BlockBytes => Bytes;

    public override bool CanEncode => true;

    protected override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, ScaleOffset);
        float dmin = ReadHalf(block, MinimumOffset);
        for (int g = 0; g < Elements / GroupElements; g++)
        {
            byte packed = block[GroupScalesOffset + g];
            float scale = d * (packed & 15);
            float minimum = dmin * (packed >> 4);
            ReadOnlySpan<byte> quants = block.Slice(QuantsOffset + g / 8 * 32 + g % 2 * 16, GroupElements);
            int shift = g % 8 / 2 * 2;
            for (int l = 0; l < GroupElements; l++)
                values[g * GroupElements + l] = scale * (quants[l] >> shift & 3) - minimum;
        }
    }

    protected override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<byte> codes = stackalloc byte[Elements];
        Span<int> scales = stackalloc int[Elements / GroupElements];
        Span<int> minima = stackalloc int[Elements / GroupElements];
        (float d, float dmin) = AffineSearch.FitBlock(values, 3, 15, scales, minima, codes);
        WriteHalf(block, ScaleOffset, d);
        WriteHalf(block, MinimumOffset, dmin);
        for (int g = 0; g < scales.Length; g++) block[GroupScalesOffset + g] = (byte)(scales[g] | minima[g] << 4);
        for (int i = 0; i < Elements; i++)
            block[QuantsOffset + i / 128 * 32 + i % 32] |= (byte)(codes[i] << i % 128 / 32 * 2);
    }
}
