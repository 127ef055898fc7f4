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

    protected override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, ScaleOffset);
        for (int i = 0; i < Elements; i++)
            values[i] = ((block[QuantsOffset + i / 4] >> i % 4 * 2 & 3) - 1) * d;
    }
}
