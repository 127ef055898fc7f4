using Engine.Formats.Encoding;

namespace Engine.Formats;

/// <summary>64 four-bit floats (E2M1) in 4 groups of 16, each with an eight-bit float (E4M3) as scale.</summary>
internal sealed class NVFP4Format : BlockFormat
{
    internal const int Elements = 64;
    internal const int Bytes = 36;
    internal const int GroupElements = 16;

    /// <summary>The code of 448; the next one is NaN.</summary>
    private const int MaxScaleCode = 0x7E;

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

    public override bool CanEncode => true;

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

    protected override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        LevelSet levels = new(MXFP4Format.SortedLevels);
        for (int g = 0; g < Elements / GroupElements; g++)
        {
            ReadOnlySpan<float> group = values.Slice(g * GroupElements, GroupElements);
            byte code = BestScale(group, levels);
            block[GroupScalesOffset + g] = code;
            float d = HalfScale(code);
            for (int j = 0; j < 8; j++)
            {
                int low = levels.Nearest(d == 0 ? 0 : group[j] / d);
                int high = levels.Nearest(d == 0 ? 0 : group[j + 8] / d);
                block[QuantsOffset + g * 8 + j] =
                    (byte)(MXFP4Format.LevelCode(low) | MXFP4Format.LevelCode(high) << 4);
            }
        }
    }

    /// <summary>The scale with the least squared error: tried are those around the least-squares scale and the one that
    /// maps the largest value to the highest level.</summary>
    private static byte BestScale(ReadOnlySpan<float> group, LevelSet levels)
    {
        float largest = 0;
        foreach (float value in group) largest = MathF.Max(largest, MathF.Abs(value));
        int fitted = CodeAtOrAbove(MathF.Abs(ScaleSearch.FitGroup(group, levels)));
        int full = CodeAtOrAbove(largest / levels.High);

        int best = 0;
        double least = double.PositiveInfinity;
        for (int code = Math.Max(Math.Min(fitted, full) - 2, 0); code <= Math.Max(fitted, full) + 1; code++)
        {
            if (code > MaxScaleCode) break;
            double error = ScaleSearch.Error(group, levels, HalfScale((byte)code));
            if (error < least) (least, best) = (error, code);
        }

        return (byte)best;
    }

    /// <summary>The lowest code whose half scale is at least a value, or the highest code.</summary>
    private static int CodeAtOrAbove(float value)
    {
        int low = 0;
        int high = MaxScaleCode;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (HalfScale((byte)middle) < value) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}
