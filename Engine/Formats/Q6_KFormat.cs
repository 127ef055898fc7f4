using Engine.Formats.Encoding;

namespace Engine.Formats;

/// <summary>256 signed 6-bit weights in 16 groups of 16, each with a signed byte as scale:
/// <c>w = d · s · (q − 32)</c>.</summary>
internal sealed class Q6_KFormat : BlockFormat
{
    internal const int Elements = 256;
    internal const int Bytes = 210;
    internal const int GroupElements = 16;

    /// <summary>64 bytes for each half of 128: byte b holds the low four bits of element b, above them of b + 64.
    /// </summary>
    internal const int QuantsOffset = 0;

    /// <summary>32 bytes for each half of 128: element 32 k + l of a half has its upper two bits in bits 2k and 2k + 1
    /// of byte l.</summary>
    internal const int HighBitsOffset = 128;

    /// <summary>16 signed bytes.</summary>
    internal const int GroupScalesOffset = 192;

    internal const int ScaleOffset = 208;

    public override WeightType Type => WeightType.Q6_K;

    public override int BlockElements => Elements;

    public override int BlockBytes => Bytes;

    public override bool CanEncode => true;

    protected override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, ScaleOffset);
        for (int g = 0; g < Elements / GroupElements; g++)
        {
            float scale = d * (sbyte)block[GroupScalesOffset + g];
            int half = g / 8;
            int first = g % 8 * GroupElements;
            ReadOnlySpan<byte> low = block.Slice(QuantsOffset + half * 64 + first % 64, GroupElements);
            ReadOnlySpan<byte> high = block.Slice(HighBitsOffset + half * 32 + first % 32, GroupElements);
            int lowShift = first / 64 * 4;
            int highShift = first / 32 * 2;
            for (int l = 0; l < GroupElements; l++)
            {
                int q = (low[l] >> lowShift & 15) | (high[l] >> highShift & 3) << 4;
                values[g * GroupElements + l] = scale * (q - 32);
            }
        }
    }

    protected override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<byte> codes = stackalloc byte[Elements];
        Span<int> scales = stackalloc int[Elements / GroupElements];
        float d = ScaleSearch.FitBlock(values, new LevelSet(-32, 31), -128, 127, scales, codes);
        WriteHalf(block, ScaleOffset, d);
        for (int g = 0; g < scales.Length; g++) block[GroupScalesOffset + g] = (byte)scales[g];
        for (int i = 0; i < Elements; i++)
        {
            int half = i / 128;
            int inHalf = i % 128;
            block[QuantsOffset + half * 64 + inHalf % 64] |= (byte)((codes[i] & 15) << inHalf / 64 * 4);
            block[HighBitsOffset + half * 32 + inHalf % 32] |= (byte)(codes[i] >> 4 << inHalf / 32 * 2);
        }
    }
}
