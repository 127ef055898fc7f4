using Engine.Formats.Encoding;

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

    public override bool CanEncode => true;

    protected override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, ScaleOffset);
        DecodePart(block.Slice(QuantsOffset, 32), values[..160], d);
        DecodePart(block.Slice(QuantsOffset + 32, 16), values[160..240], d);
        DecodePart(block.Slice(QuantsOffset + 48, 4), values[240..], d);
    }

    protected override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<byte> codes = stackalloc byte[Elements];
        Span<int> noScale = stackalloc int[1];
        float d = ScaleSearch.FitBlock(values, new LevelSet(-1, 1), 1, 1, noScale, codes);
        WriteHalf(block, ScaleOffset, d);
        EncodePart(codes[..160], block.Slice(QuantsOffset, 32));
        EncodePart(codes[160..240], block.Slice(QuantsOffset + 32, 16));
        EncodePart(codes[240..], block.Slice(QuantsOffset + 48, 4));
    }

    private static void DecodePart(ReadOnlySpan<byte> packed, Span<float> values, float d)
    {
        for (int n = 0; n < values.Length / packed.Length; n++)
        {
            Span<float> digits = values.Slice(n * packed.Length, packed.Length);
            for (int m = 0; m < packed.Length; m++) digits[m] = (Digit(packed[m], n) - 1) * d;
        }
    }

    private static void EncodePart(ReadOnlySpan<byte> codes, Span<byte> packed)
    {
        for (int m = 0; m < packed.Length; m++)
        {
            int number = 0;
            for (int n = 0; n < 5; n++)
            {
                int i = n * packed.Length + m;
                number = number * 3 + (i < codes.Length ? codes[i] : 0);
            }

            // The fraction number / 243 in 256ths, rounded up so that the digits come back.
            packed[m] = (byte)((number * 256 + 242) / 243);
        }
    }
}
