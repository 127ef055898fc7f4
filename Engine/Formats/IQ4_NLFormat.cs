using Engine.Formats.Encoding;

namespace Engine.Formats;

/// <summary>32 indices into a table of 16 uneven levels and a binary16 scale: <c>w = d · Levels[q]</c>.</summary>
internal sealed class IQ4_NLFormat : BlockFormat
{
    internal const int Elements = 32;
    internal const int Bytes = 18;
    internal const int ScaleOffset = 0;

    /// <summary>Byte j holds element j in its low and element j + 16 in its high nibble.</summary>
    internal const int QuantsOffset = 2;

    /// <summary>The 16 levels, defined by the format.</summary>
    internal static ReadOnlySpan<sbyte> Levels =>
        [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    public override WeightType Type => WeightType.IQ4_NL;

    public override int BlockElements => Elements;

    public override int BlockBytes => Bytes;

    public override bool CanEncode => true;

    protected override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, ScaleOffset);
        for (int j = 0; j < 16; j++)
        {
            byte pair = block[QuantsOffset + j];
            values[j] = d * Levels[pair & 15];
            values[j + 16] = d * Levels[pair >> 4];
        }
    }

    protected override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<byte> codes = stackalloc byte[Elements];
        Span<int> noScale = stackalloc int[1];
        float d = ScaleSearch.FitBlock(values, new LevelSet(Levels), 1, 1, noScale, codes);
        WriteHalf(block, ScaleOffset, d);
        for (int j = 0; j < 16; j++) block[QuantsOffset + j] = (byte)(codes[j] | codes[j + 16] << 4);
    }
}
