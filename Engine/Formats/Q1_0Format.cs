using Engine.Formats.Encoding;

namespace Engine.Formats;

/// <summary>128 signs and a binary16 scale: <c>w = ±d</c>.</summary>
internal sealed class Q1_0Format : BlockFormat
{
    internal const int Elements = 128;
    internal const int Bytes = 18;
    internal const int ScaleOffset = 0;

    /// <summary>Element i is bit i % 8 of byte i / 8; a set bit is plus.</summary>
    internal const int QuantsOffset = 2;

    private static ReadOnlySpan<sbyte> Levels => [-1, 1];

    public override WeightType Type => WeightType.Q1_0;

    public override int BlockElements => Elements;

    public override int BlockBytes => Bytes;

    public override bool CanEncode => true;

    protected override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, ScaleOffset);
        for (int b = 0; b < Elements / 8; b++)
        {
            int signs = block[QuantsOffset + b];
            Span<float> eight = values.Slice(b * 8, 8);
            for (int j = 0; j < eight.Length; j++) eight[j] = (signs >> j & 1) != 0 ? d : -d;
        }
    }

    protected override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<byte> codes = stackalloc byte[Elements];
        Span<int> noScale = stackalloc int[1];
        float d = ScaleSearch.FitBlock(values, new LevelSet(Levels), 1, 1, noScale, codes);
        WriteHalf(block, ScaleOffset, d);
        for (int i = 0; i < Elements; i++) block[QuantsOffset + i / 8] |= (byte)(codes[i] << i % 8);
    }
}
