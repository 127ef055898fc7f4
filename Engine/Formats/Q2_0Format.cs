using Engine.Formats.Encoding;

namespace Engine.Formats;

/// <summary>64 two-bit weights and a binary16 scale: <c>w = d · (q − 1)</c>.</summary>
internal sealed class Q2_0Format : BlockFormat
{
    internal const int Elements = 64;
    internal const int Bytes = 18;
    internal const int ScaleOffset = 0;

    /// <summary>Element i is bits 2 (i % 4) and 2 (i % 4) + 1 of byte i / 4.</summary>
    internal const int QuantsOffset = 2;

    public override WeightType Type => WeightType.Q2_0;

    public override int BlockElements => Elements;

    public override int BlockBytes => Bytes;

    public override bool CanEncode => true;

    protected override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, ScaleOffset);
        for (int b = 0; b < Elements / 4; b++)
        {
            int quants = block[QuantsOffset + b];
            Span<float> four = values.Slice(b * 4, 4);
            for (int j = 0; j < four.Length; j++) four[j] = ((quants >> 2 * j & 3) - 1) * d;
        }
    }

    protected override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<byte> codes = stackalloc byte[Elements];
        Span<int> noScale = stackalloc int[1];
        float d = ScaleSearch.FitBlock(values, new LevelSet(-1, 2), 1, 1, noScale, codes);
        WriteHalf(block, ScaleOffset, d);
        for (int i = 0; i < Elements; i++) block[QuantsOffset + i / 4] |= (byte)(codes[i] << i % 4 * 2);
    }
}
