using Engine.Formats.Encoding;

namespace Engine.Formats;

/// <summary>256 unsigned 5-bit weights in 8 groups of 32, each with a 6-bit scale and a 6-bit minimum:
/// <c>w = (d · s) · q − dmin · m</c>.</summary>
internal sealed class Q5_KFormat : BlockFormat
{
    internal const int Elements = 256;
    internal const int Bytes = 176;
    internal const int GroupElements = 32;
    internal const int ScaleOffset = 0;
    internal const int MinimumOffset = 2;

    /// <summary>12 bytes, see <see cref="PackedScales"/>.</summary>
    internal const int GroupScalesOffset = 4;

    /// <summary>32 bytes: bit g of byte l is the fifth bit of element l of group g.</summary>
    internal const int HighBitsOffset = 16;

    /// <summary>32 bytes for each pair of groups: the even group in the low, the odd one in the high nibbles.</summary>
    internal const int QuantsOffset = 48;

    public override WeightType Type => WeightType.Q5_K;

    public override int BlockElements => Elements;

    public override int BlockBytes => Bytes;

    public override bool CanEncode => true;

    protected override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, ScaleOffset);
        float dmin = ReadHalf(block, MinimumOffset);
        ReadOnlySpan<byte> packed = block.Slice(GroupScalesOffset, PackedScales.Bytes);
        ReadOnlySpan<byte> high = block.Slice(HighBitsOffset, GroupElements);
        for (int g = 0; g < Elements / GroupElements; g++)
        {
            float scale = d * PackedScales.Scale(packed, g);
            float minimum = dmin * PackedScales.Minimum(packed, g);
            ReadOnlySpan<byte> quants = block.Slice(QuantsOffset + g / 2 * 32, GroupElements);
            int shift = g % 2 * 4;
            for (int l = 0; l < GroupElements; l++)
            {
                int q = (quants[l] >> shift & 15) | (high[l] >> g & 1) << 4;
                values[g * GroupElements + l] = scale * q - minimum;
            }
        }
    }

    protected override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<byte> codes = stackalloc byte[Elements];
        Span<int> scales = stackalloc int[Elements / GroupElements];
        Span<int> minima = stackalloc int[Elements / GroupElements];
        (float d, float dmin) = AffineSearch.FitBlock(values, 31, 63, scales, minima, codes);
        WriteHalf(block, ScaleOffset, d);
        WriteHalf(block, MinimumOffset, dmin);
        Span<byte> packed = block.Slice(GroupScalesOffset, PackedScales.Bytes);
        for (int g = 0; g < scales.Length; g++) PackedScales.Pack(packed, g, scales[g], minima[g]);
        for (int i = 0; i < Elements; i++)
        {
            block[QuantsOffset + i / 64 * 32 + i % 32] |= (byte)((codes[i] & 15) << i % 64 / 32 * 4);
            block[HighBitsOffset + i % 32] |= (byte)(codes[i] >> 4 << i / 32);
        }
    }
}
