using Engine.Formats.Encoding;

namespace Engine.Formats;

/// <summary>32 signed 4-bit weights and a binary16 scale: <c>w = d · (q − 8)</c>.</summary>
internal sealed class Q4_0Format : BlockFormat
{
    internal const int Elements = 32;
    internal const int Bytes = 18;
    internal const int ScaleOffset = 0;

    /// <summary>Byte j holds element j in its low and element j + 16 in its high nibble.</summary>
    internal const int QuantsOffset = 2;

    public override WeightType Type => WeightType.Q4_0;

    public override int BlockElements => Elements;

    public override int BlockBytes => Bytes;

    public override bool CanEncode => true;

    protected override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, ScaleOffset);
        for (int j = 0; j < 16; j++)
        {
            byte pair = block[QuantsOffset + j];
            values[j] = d * ((pair & 15) - 8);
            values[j + 16] = d * ((pair >> 4) - 8);
        }
    }

    protected override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<byte> codes = stackalloc byte[Elements];
        Span<int> noScale = stackalloc int[1];
        float d = ScaleSearch.FitBlock(values, new LevelSet(-8, 7), 1, 1, noScale, codes);
        WriteHalf(block, ScaleOffset, d);
        for (int j = 0; j < 16; j++) block[QuantsOffset + j] = (byte)(codes[j] | codes[j + 16] << 4);
    }
}
