using Engine.Formats.Encoding;

namespace Engine.Formats;

/// <summary>256 two-bit weights and a binary16 scale: <c>w = d · (q − 1)</c>.</summary>
internal sealed class TQ2_0Format : BlockFormat
{
    internal const int Elements = 256;
    internal const int Bytes = 66;

    /// <summary>32 bytes for each half of 128: element 32 k + l of a half is bits 2k and 2k + 1 of byte l.</summary>
    internal const int QuantsOffset = 0;

    internal const int ScaleOffset = 64;

    public override WeightType Type => WeightType.TQ2_0;

    public override int BlockElements => Elements;

    public override int BlockBytes => Bytes;

    public override bool CanEncode => true;

    protected override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, ScaleOffset);
        for (int part = 0; part < Elements / 32; part++)
        {
            ReadOnlySpan<byte> quants = block.Slice(QuantsOffset + part / 4 * 32, 32);
            Span<float> decoded = values.Slice(part * 32, 32);
            for (int l = 0; l < decoded.Length; l++) decoded[l] = ((quants[l] >> part % 4 * 2 & 3) - 1) * d;
        }
    }

    protected override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<byte> codes = stackalloc byte[Elements];
        Span<int> noScale = stackalloc int[1];
        float d = ScaleSearch.FitBlock(values, new LevelSet(-1, 1), 1, 1, noScale, codes);
        WriteHalf(block, ScaleOffset, d);
        for (int i = 0; i < Elements; i++)
            block[QuantsOffset + i / 128 * 32 + i % 32] |= (byte)(codes[i] << i % 128 / 32 * 2);
    }
}
