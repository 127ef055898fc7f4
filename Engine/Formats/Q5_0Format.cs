using Engine.Formats.Encoding;

namespace Engine.Formats;

/// <summary>32 signed 5-bit weights and a binary16 scale: <c>w = d · (q − 16)</c>.</summary>
internal sealed class Q5_0Format : BlockFormat
{
    internal const int Elements = 32;
    internal const int Bytes = 22;
    internal const int ScaleOffset = 0;

    /// <summary>A 32-bit word whose bit i is the fifth bit of element i.</summary>
    internal const int HighBitsOffset = 2;

    /// <summary>Byte j holds the low four bits of element j and, above them, of element j + 16.</summary>
    internal const int QuantsOffset = 6;

    public override WeightType Type => WeightType.Q5_0;

    public override int BlockElements => Elements;

    public override int BlockBytes => Bytes;

    public override bool CanEncode => true;

    protected override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, ScaleOffset);
        uint high = ReadUInt32(block, HighBitsOffset);
        for (int j = 0; j < 16; j++)
        {
            byte pair = block[QuantsOffset + j];
            uint q0 = (pair & 15u) | (high >> j & 1) << 4;
            uint q1 = (uint)pair >> 4 | (high >> (j + 16) & 1) << 4;
            values[j] = d * ((int)q0 - 16);
            values[j + 16] = d * ((int)q1 - 16);
        }
    }

    protected override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<byte> codes = stackalloc byte[Elements];
        Span<int> noScale = stackalloc int[1];
        float d = ScaleSearch.FitBlock(values, new LevelSet(-16, 15), 1, 1, noScale, codes);
        WriteHalf(block, ScaleOffset, d);
        for (int j = 0; j < 16; j++)
            block[QuantsOffset + j] = (byte)(codes[j] & 15 | (codes[j + 16] & 15) << 4);
        for (int i = 0; i < Elements; i++) block[HighBitsOffset + i / 8] |= (byte)(codes[i] >> 4 << i % 8);
    }
}
