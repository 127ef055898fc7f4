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

    protected override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, ScaleOffset);
        for (int i = 0; i < Elements; i++)
        {
            int q = block[QuantsOffset + i / 128 * 32 + i % 32] >> i % 128 / 32 * 2 & 3;
            values[i] = (q - 1) * d;
        }
    }
}
