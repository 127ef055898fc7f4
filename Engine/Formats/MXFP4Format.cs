using Engine.Formats.Encoding;

namespace Engine.Formats;

/// <summary>32 four-bit floats (E2M1) and an eight-bit exponent (E8M0), the OCP microscaling format.</summary>
internal sealed class MXFP4Format : BlockFormat
{
    internal const int Elements = 32;
    internal const int Bytes = 17;

    /// <summary>The highest exponent; 255 is NaN.</summary>
    private const int MaxExponent = 254;

    /// <summary>One byte: the exponent e of the scale 2^(e − 127).</summary>
    internal const int ScaleOffset = 0;

    /// <summary>Byte j holds element j in its low and element j + 16 in its high nibble.</summary>
    internal const int QuantsOffset = 1;

    /// <summary>Twice the 16 values of an E2M1 float, so that they are integers; the scale is halved instead.</summary>
    internal static ReadOnlySpan<sbyte> DoubledLevels => [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

    /// <summary>The different levels in ascending order.</summary>
    internal static ReadOnlySpan<sbyte> SortedLevels => [-12, -8, -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 8, 12];

    /// <summary>The code of an index into <see cref="SortedLevels"/>: sign and magnitude.</summary>
    internal static int LevelCode(int index) => index < 7 ? 15 - index : index - 7;

    /// <summary>Half of the scale, 2^(e − 128), which is subnormal for e = 0 and 1.</summary>
    internal static float HalfScale(byte exponent) =>
        BitConverter.UInt32BitsToSingle(exponent < 2 ? 0x00200000u << exponent : (uint)(exponent - 1) << 23);

    public override WeightType Type => WeightType.MXFP4;

    public override int BlockElements => Elements;

    public override int BlockBytes => Bytes;

    public override bool CanEncode => true;

    protected override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = HalfScale(block[ScaleOffset]);
        for (int j = 0; j < 16; j++)
        {
            byte pair = block[QuantsOffset + j];
            values[j] = DoubledLevels[pair & 15] * d;
            values[j + 16] = DoubledLevels[pair >> 4] * d;
        }
    }

    protected override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        LevelSet levels = new(SortedLevels);
        float largest = 0;
        foreach (float value in values) largest = MathF.Max(largest, MathF.Abs(value));

        // The exponent that maps the largest value between the two highest levels, and its neighbours.
        int middle = largest > 0 ? Math.ILogB(largest) - 2 + 127 : 0;
        int best = Math.Clamp(middle, 0, MaxExponent);
        double least = double.PositiveInfinity;
        for (int exponent = Math.Max(middle - 1, 0); exponent <= Math.Min(middle + 2, MaxExponent); exponent++)
        {
            double error = ScaleSearch.Error(values, levels, HalfScale((byte)exponent));
            if (error < least) (least, best) = (error, exponent);
        }

        block[ScaleOffset] = (byte)best;
        float d = HalfScale((byte)best);
        for (int j = 0; j < 16; j++)
        {
            int low = LevelCode(levels.Nearest(values[j] / d));
            int high = LevelCode(levels.Nearest(values[j + 16] / d));
            block[QuantsOffset + j] = (byte)(low | high << 4);
        }
    }
}
