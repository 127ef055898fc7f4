using Engine.Formats.Encoding;

namespace Engine.Formats;

/// <summary>32 unsigned 4-bit weights, a binary16 scale and minimum: <c>w = d · q + m</c>.</summary>
internal sealed class Q4_1Format : BlockFormat
{
    internal const int Elements = 32;
    internal const int Bytes = 20;
    internal const int ScaleOffset = 0;
    internal const int MinimumOffset = 2;

    /// <summary>Byte j holds element j in its low and element j + 16 in its high nibble.</summary>
    internal const int QuantsOffset = 4;

    public override WeightType Type => WeightType.Q4_1;

    public override int BlockElements => Elements;

    public override int BlockBytes => Bytes;

    public override bool CanEncode => true;

    protected override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, ScaleOffset);
        float m = ReadHalf(block, MinimumOffset);
        for (int j = 0; j < 16; j++)
        {
            byte pair = block[QuantsOffset + j];
            values[j] = d * (pair & 15) + m;
            values[j + 16] = d * (pair >> 4) + m;
        }
    }

    protected override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        (float scale, float minimum) = AffineSearch.FitGroup(values, 15, anySign: true);
        float d = WriteHalf(block, ScaleOffset, ScaleSearch.ToHalf(scale));
        Span<byte> codes = stackalloc byte[Elements];
        double rest = 0;
        for (int i = 0; i < Elements; i++)
        {
            codes[i] = (byte)AffineSearch.Code(values[i], d, minimum, 15);
            rest += values[i] - d * codes[i];
        }

        // The scale has lost digits, so the minimum is fitted once more, and the codes to what both decode to.
        float m = WriteHalf(block, MinimumOffset, ScaleSearch.ToHalf((float)(rest / Elements)));
        for (int i = 0; i < Elements; i++) codes[i] = (byte)AffineSearch.Code(values[i], d, -m, 15);
        for (int j = 0; j < 16; j++) block[QuantsOffset + j] = (byte)(codes[j] | codes[j + 16] << 4);
    }
}
