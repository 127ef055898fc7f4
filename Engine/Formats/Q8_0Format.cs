using Engine.Formats.Encoding;

namespace Engine.Formats;

/// <summary>32 signed bytes and a binary16 scale: <c>w = d · q</c>.</summary>
internal sealed class Q8_0Format : BlockFormat
{
    internal const int Elements = 32;
    internal const int Bytes = 34;
    internal const int ScaleOffset = 0;
    internal const int QuantsOffset = 2;

    public override WeightType Type => WeightType.Q8_0;

    public override int BlockElements => Elements;

    public override int BlockBytes => Bytes;

    public override bool CanEncode => true;

    protected override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, ScaleOffset);
        for (int j = 0; j < Elements; j++) values[j] = d * (sbyte)block[QuantsOffset + j];
    }

    protected override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<byte> codes = stackalloc byte[Elements];
        Span<int> noScale = stackalloc int[1];
        float d = ScaleSearch.FitBlock(values, new LevelSet(-127, 127), 1, 1, noScale, codes);
        WriteHalf(block, ScaleOffset, d);
        for (int j = 0; j < Elements; j++) block[QuantsOffset + j] = (byte)(codes[j] - 127);
    }
}
