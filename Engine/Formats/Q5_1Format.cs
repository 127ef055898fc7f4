using Engine.Formats.Encoding;

namespace Engine.Formats;

/// <summary>32 unsigned 5-bit weights, a binary16 scale and minimum: <c>w = d · q + m</c>.</summary>
internal sealed class Q5_1Format : BlockFormat
{
    internal const int Elements = 32;
    internal const int Bytes = 24;
    internal const int ScaleOffset = 0;
    internal const int MinimumOffset = 2;

    /// <summary>A 32-bit word whose bit i is the fifth bit of element i.</summary>
    internal const int HighBitsOffset = 4;

    /// <summary>Byte j holds the low four bits of element j and, above them, of element j + 16.</summary>
    internal const int QuantsOffset = 8;

    public override WeightType Type => WeightType.Q5_1;

    public override int BlockElements => Elements;

    public override int BlockBytes => Bytes;

    public override bool CanEncode => true;

    protected override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, ScaleOffset);
        float m = ReadHalf(block, MinimumOffset);
        uint high = ReadUInt32(block, HighBitsOffset);
        for (int j = 0; j < 16; j++)
        {
            byte pair = block[QuantsOffset + j];
            uint q0 = (pair & 15u) | (high >> j & 1) << 4;
            uint q1 = (uint)pair >> 4 | (high >> (j + 16) & 1) << 4;
            values[j] = d * (int)q0 + m;
            values[j + 16] = d * (int)q1 + m;
        }
    }

    protected override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        (float scale, float minimum) = AffineSearch.FitGroup(values, 31, anySign: true);
        float d = WriteHalf(block, ScaleOffset, ScaleSearch.ToHalf(scale));
        Span<byte> codes = stackalloc byte[Elements];
        double rest = 0;
        for (int i = 0; i < Elements; i++)
        {
            codes[i] = (byte)AffineSearch.Code(values[i], d, minimum, 31);
            rest += values[i] - d * codes[i];
        }

        // The scale has lost digits, so the minimum is fitted once more, and the codes to what both decode to.
        float m = WriteHalf(block, MinimumOffset, ScaleSearch.ToHalf((float)(rest / Elements)));
        for (int i = 0; i < Elements; i++) codes[i] = (byte)AffineSearch.Code(values[i], d, -m, 31);
        for (int j = 0; j < 16; j++)
            block[QuantsOffset + j] = (byte)(codes[j] & 15 | (codes[j + 16] & 15) << 4);
        for (int i = 0; i < Elements; i++) block[HighBitsOffset + i / 8] |= (byte)(codes[i] >> 4 << i % 8);
    }
}
