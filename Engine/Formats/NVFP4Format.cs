namespace Engine.Formats;

/// <summary>64 four-bit floats (E2M1) in 4 groups of 16, each with an eight-bit float (E4M3) as scale.</summary>
internal sealed class NVFP4Format : BlockFormat
{
    internal const int Elements = 64;
    internal const int Bytes = 36;
    internal const int GroupElements = 16;

    /// <summary>Four bytes, one unsigned E4M3 float a group.</summary>
    internal const int GroupScalesOffset = 0;

    /// <summary>8 bytes a group: byte j holds element j in its low and element j + 8 in its high nibble.</summary>
    internal const int QuantsOffset = 4;

    /// <summary>Half of an E4M3 scale, because <see cref="MXFP4Format.DoubledLevels"/> are twice the weights. The sign
    /// bit is not used; the code of NaN stands for zero.</summary>
    internal static float HalfScale(byte code)
    {
        if (code is 0 or 0x7F) return 0;
        int exponent = code >> 3 & 15;
        int mantissa = code & 7;
        return exponent == 0
            ? mantissa * (1f / 1024)
            : BitConverter.UInt32BitsToSingle((uint)(exponent - 8 + 127) << 23 | (uint)mantissa << 20);
    }

    public override WeightType Type => WeightType.NVFP4;

    public override int BlockElements => Elements;

    public override int BlockBytes => Bytes;

    protected override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        ReadOnlySpan<sbyte> levels = MXFP4Format.DoubledLevels;
        for (int g = 0; g < Elements / GroupElements; g++)
        {
            float d = HalfScale(block[GroupScalesOffset + g]);
            Span<float> group = values.Slice(g * GroupElements, GroupElements);
            for (int j = 0; j < 8; j++)
            {
                byte pair = block[QuantsOffset + g * 8 + j];
                group[j] = levels[pair & 15] * d;
                group[j + 8] = levels[pair >> 4] * d;
            }
        }
    }
}
