namespace Engine.Formats;

/// <summary>128 signs and a binary16 scale: <c>w = ±d</c>.</summary>
internal sealed class Q1_0Format : BlockFormat
{
    internal const int Elements = 128;
    internal const int Bytes = 18;
    internal const int ScaleOffset = 0;

    /// <summary>Element i is bit i % 8 of byte i / 8; a set bit is plus.</summary>
    internal const int QuantsOffset = 2;

    public override WeightType Type => WeightType.Q1_0;

    public override int BlockElements => Elements;

    public override int BlockBytes => Bytes;

    protected override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, ScaleOffset);
        for (int i = 0; i < Elements; i++)
            values[i] = (block[QuantsOffset + i / 8] >> i % 8 & 1) != 0 ? d : -d;
    }
}
