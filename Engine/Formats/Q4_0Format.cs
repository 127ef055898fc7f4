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
}
