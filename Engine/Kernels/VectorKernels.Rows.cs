using Engine.Isa;

namespace Engine.Kernels;

/// <summary>Kernels over a row that need more than one pass, rotate it or quantise it.</summary>
internal sealed unsafe partial class VectorKernels<W, V>
{
    /// <summary>Elements whose f32 sums are taken in lanes before they go to a double: keeps long rows exact.</summary>
    private const int SumChunk = 512;

    public override void RopeInterleaved(float* x, float* cos, float* sin, int pairs)
    {
        int i = 0;
        for (; i <= pairs - W.Count; i += W.Count)
        {
            V first = W.Load(x + (2 * i)), second = W.Load(x + (2 * i) + W.Count);
            V even = W.Even(first, second), odd = W.Odd(first, second);
            V c = W.Load(cos + i), s = W.Load(sin + i);
            V rotatedEven = W.Subtract(W.Multiply(even, c), W.Multiply(odd, s));
            V rotatedOdd = W.MultiplyAdd(even, s, W.Multiply(odd, c));
            W.Store(W.ZipLow(rotatedEven, rotatedOdd), x + (2 * i));
            W.Store(W.ZipHigh(rotatedEven, rotatedOdd), x + (2 * i) + W.Count);
        }

        for (; i < pairs; i++)
        {
            float even = x[2 * i], odd = x[(2 * i) + 1];
            x[2 * i] = (even * cos[i]) - (odd * sin[i]);
            x[(2 * i) + 1] = (even * sin[i]) + (odd * cos[i]);
        }
    }

    public override void RopeHalves(float* x, float* cos, float* sin, int pairs)
    {
        int i = 0;
        for (; i <= pairs - W.Count; i += W.Count)
        {
            V first = W.Load(x + i), second = W.Load(x + pairs + i), c = W.Load(cos + i), s = W.Load(sin + i);
            W.Store(W.Subtract(W.Multiply(first, c), W.Multiply(second, s)), x + i);
            W.Store(W.MultiplyAdd(first, s, W.Multiply(second, c)), x + pairs + i);
        }

        for (; i < pairs; i++)
        {
            float first = x[i], second = x[pairs + i];
            x[i] = (first * cos[i]) - (second * sin[i]);
            x[pairs + i] = (first * sin[i]) + (second * cos[i]);
        }
    }

    public override void Quantize(float* x, int n, int group, sbyte* quants, float* scales, short* sums)
    {
        for (int begin = 0; begin < n; begin += group)
        {
            int length = Math.Min(group, n - begin);
            scales[begin / group] = QuantizeGroup(x + begin, length, quants + begin, sums + (begin / 16));
        }
    }

    /// <summary>Quantises one group and returns its scale.</summary>
    /// <remarks>Every step is exact or correctly rounded, so that all instruction sets give the same bits. A group
    /// with an infinity or NaN gets the scale NaN, which keeps the fault visible, and one below 1e-30 the scale 0,
    /// because 127/max would overflow.</remarks>
    private static float QuantizeGroup(float* x, int n, sbyte* quants, short* sums)
    {
        V largest = W.BroadcastInt(0);
        for (int i = 0; i < n; i += W.Count) largest = W.MaxInt(largest, FloatMath<W, V>.Abs(W.Load(x + i)));
        float max = BitConverter.Int32BitsToSingle(W.MaxIntAcross(largest));
        if (!(max >= 1e-30f) || float.IsInfinity(max))
        {
            new Span<sbyte>(quants, n).Clear();
            new Span<short>(sums, n / 16).Clear();
            return max < 1e-30f ? 0 : float.NaN;
        }

        V inverse = W.Broadcast(127f / max);
        for (int begin = 0; begin < n; begin += 16)
        {
            V sum = W.BroadcastInt(0);
            for (int i = begin; i < begin + 16; i += W.Count)
            {
                V rounded = W.ToInt(W.Round(W.Multiply(W.Load(x + i), inverse)));
                sum = W.AddInt(sum, rounded);
                W.StoreInt8(rounded, quants + i);
            }

            sums[begin / 16] = (short)W.SumInt(sum);
        }

        return max / 127f;
    }

    public override void QuantizeQ8_0Row(float* x, byte* output, int n)
    {
        float* last = stackalloc float[32];
        for (int begin = 0; begin < n; begin += 32, output += 34)
        {
            float* block = x + begin;
            if (n - begin < 32)
            {
                new Span<float>(last, 32).Clear();
                new ReadOnlySpan<float>(block, n - begin).CopyTo(new Span<float>(last, 32));
                block = last;
            }

            QuantizeQ8_0Block(block, output);
        }
    }

    private static void QuantizeQ8_0Block(float* x, byte* output)
    {
        V largest = W.BroadcastInt(0);
        for (int i = 0; i < 32; i += W.Count) largest = W.MaxInt(largest, FloatMath<W, V>.Abs(W.Load(x + i)));
        float max = BitConverter.Int32BitsToSingle(W.MaxIntAcross(largest));
        float scale = max / 127f;
        FloatMath<FloatWordsScalar, float>.StoreHalf(scale, (ushort*)output);
        if (!(max >= 1e-30f && max <= float.MaxValue))
        {
            // The scale's inverse would overflow, and binary16 holds 0 there anyway; or the scale is no number.
            new Span<sbyte>(output + 2, 32).Clear();
            return;
        }

        // The quants use the scale before it is rounded to binary16.
        V inverse = W.Broadcast(1f / scale);
        V sign = W.BroadcastInt(int.MinValue), half = W.Broadcast(0.5f);
        for (int i = 0; i < 32; i += W.Count)
        {
            V value = W.Multiply(W.Load(x + i), inverse);
            V magnitude = FloatMath<W, V>.Abs(value);
            // Half away from zero: truncate |v| and add one where the rest, which is exact, reaches one half.
            V nearest = W.Round(magnitude);
            V below = W.SelectLess(magnitude, nearest, W.Subtract(nearest, W.Broadcast(1f)), nearest);
            V rest = W.Subtract(magnitude, below);
            V rounded = W.SelectLess(rest, half, below, W.Add(below, W.Broadcast(1f)));
            W.StoreInt8(W.ToInt(W.Or(rounded, W.And(value, sign))), (sbyte*)(output + 2 + i));
        }
    }

    private static void Normalize(float* x, float* weight, float* bias, float* output, int n, float mean, float factor)
    {
        V means = W.Broadcast(mean), factors = W.Broadcast(factor);
        int i = 0;
        for (; i <= n - W.Count; i += W.Count)
        {
            V value = W.Multiply(W.Subtract(W.Load(x + i), means), factors);
            if (weight != null) value = W.Multiply(value, W.Load(weight + i));
            if (bias != null) value = W.Add(value, W.Load(bias + i));
            W.Store(value, output + i);
        }

        for (; i < n; i++)
        {
            float value = (x[i] - mean) * factor;
            if (weight != null) value *= weight[i];
            if (bias != null) value += bias[i];
            output[i] = value;
        }
    }

    private static double Sum(float* x, int n)
    {
        double total = 0;
        int i = 0;
        while (i <= n - W.Count)
        {
            V sum = W.Broadcast(0f);
            int end = Math.Min(n - W.Count, i + SumChunk - W.Count);
            for (; i <= end; i += W.Count) sum = W.Add(sum, W.Load(x + i));
            total += W.Sum(sum);
        }

        for (; i < n; i++) total += x[i];
        return total;
    }

    /// <summary>Σ (x − mean)².</summary>
    private static double SumOfSquares(float* x, float mean, int n)
    {
        double total = 0;
        V means = W.Broadcast(mean);
        int i = 0;
        while (i <= n - W.Count)
        {
            V sum = W.Broadcast(0f), sum2 = W.Broadcast(0f);
            int end = Math.Min(n - W.Count, i + SumChunk - W.Count);
            for (; i <= end - W.Count; i += 2 * W.Count)
            {
                V a = W.Subtract(W.Load(x + i), means), b = W.Subtract(W.Load(x + i + W.Count), means);
                sum = W.MultiplyAdd(a, a, sum);
                sum2 = W.MultiplyAdd(b, b, sum2);
            }

            for (; i <= end; i += W.Count)
            {
                V a = W.Subtract(W.Load(x + i), means);
                sum = W.MultiplyAdd(a, a, sum);
            }

            total += W.Sum(W.Add(sum, sum2));
        }

        for (; i < n; i++)
        {
            double deviation = x[i] - mean;
            total += deviation * deviation;
        }

        return total;
    }
}
