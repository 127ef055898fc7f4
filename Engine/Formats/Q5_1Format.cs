namespace Engine.Formats;

/// <summary>32 unsigned 5-bit weights, a binary16 scale and minimum: <c>w = d · q + m</c>.</summary>
internal sealed class Q5_1Format : BlockFormat
{
    internal const int Elements = 32;
    internal const int Bytes = 24;
    internal const int ScaleOffset = 0;
    internal const int MinimumOffset = 2;

    /// <summary>A 32-bit word whose bit i is the fifth bit of element i.</summary>
    internal const int HighBitsOffset = 4;

    /// <summary>Byte j holds the low four bits of element j and, above them, of element j + 16.</summary>
    internal const int QuantsOffset = 8;

    public override WeightType Type => WeightType.Q5_1;

    public override int BlockElements => Elements;

    public override int BlockBytes => Bytes;

    protected override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, ScaleOffset);
        float m = ReadHalf(block, MinimumOffset);
        uint high = ReadUInt32(block, HighBitsOffset);
        for (int j = 0; j < 16; j++)
        {
            byte pair = block[QuantsOffset + j];
            uint q0 = (pair & 15u) | (high >> j & 1) << 4;
            uint q1 = (uint)pair >> 4 | (high >> (j + 16) & 1) << 4;
            values[j] = d * (int)q0 + m;
            values[j + 16] = d * (int)q1 + m;
        }
    }
}
