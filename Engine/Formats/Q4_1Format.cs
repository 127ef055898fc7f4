namespace Engine.Formats;

/// <summary>32 unsigned 4-bit weights, a binary16 scale and minimum: <c>w = d · q + m</c>.</summary>
internal sealed class Q4_1Format : BlockFormat
{
    internal const int Elements = 32;
    internal const int Bytes = 20;
    internal const int ScaleOffset = 0;
    internal const int MinimumOffset = 2;

    /// <summary>Byte j holds element j in its low and element j + 16 in its high nibble.</summary>
    internal const int QuantsOffset = 4;

    public override WeightType Type => WeightType.Q4_1;

    public override int BlockElements => Elements;

    public override int BlockBytes => Bytes;

    protected override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, ScaleOffset);
        float m = ReadHalf(block, MinimumOffset);
        for (int j = 0; j < 16; j++)
        {
            byte pair = block[QuantsOffset + j];
            values[j] = d * (pair & 15) + m;
            values[j + 16] = d * (pair >> 4) + m;
        }
    }
}
