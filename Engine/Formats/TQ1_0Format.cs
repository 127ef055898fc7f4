namespace Engine.Formats;

/// <summary>256 ternary weights, five to a byte, and a binary16 scale: <c>w = d · (t − 1)</c>.
/// </summary>
/// <remarks>A byte holds its five base-3 digits as a fraction b / 256 ≈ 0.t₀t₁t₂t₃t₄, so that multiplying it by 3ⁿ
/// modulo 256 and then by 3 carries digit n into the ninth bit.</remarks>
internal sealed class TQ1_0Format : BlockFormat
{
    internal const int Elements = 256;
    internal const int Bytes = 54;
    /// <summary>32 bytes of digits for elements 0…159, 16 for 160…239 and 4 (with four digits each) for 240…255; in
    /// each part digit n of byte m is element n · bytes + m of the part.</summary>
    internal const int QuantsOffset = 0;

    internal const int ScaleOffset = 52;

    /// <summary>The digit n of a packed byte, 0…2.</summary>
    internal static int Digit(byte packed, int n) => (byte)(packed * Powers[n]) * 3 >> 8;

    private static ReadOnlySpan<byte> Powers => [1, 3, 9, 27, 81];

    public override WeightType Type => WeightType.TQ1_0;

    public override int BlockElements => Elements;

    public override int BlockBytes => Bytes;

    protected override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, ScaleOffset);
        DecodePart(block.Slice(QuantsOffset, 32), values[..160], d);
        DecodePart(block.Slice(QuantsOffset + 32, 16), values[160..240], d);
        DecodePart(block.Slice(QuantsOffset + 48, 4), values[240..], d);
    }

    private static void DecodePart(ReadOnlySpan<byte> packed, Span<float> values, float d)
    {
        for (int i = 0; i < values.Length; i++)
            values[i] = (Digit(packed[i % packed.Length], i / packed.Length) - 1) * d;
    }
}
