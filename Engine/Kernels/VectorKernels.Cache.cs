using Engine.Isa;

namespace Engine.Kernels;

/// <summary>Kernels over rows of a cache: read them back, and bounds of several rows.</summary>
internal sealed unsafe partial class VectorKernels<W, V>
{
    public override void FromFiniteHalf(ushort* x, float* output, int n)
    {
        int i = 0;
        for (; i <= n - W.Count; i += W.Count) W.Store(FloatMath<W, V>.LoadFiniteHalf(x + i), output + i);
        for (; i < n; i++) output[i] = FloatMath<FloatWordsScalar, float>.LoadFiniteHalf(x + i);
    }

    public override void DequantizeQ8_0Row(byte* x, float* output, int n)
    {
        for (int begin = 0; begin < n; begin += 32, x += 34)
        {
            float scale = FloatMath<FloatWordsScalar, float>.LoadHalf((ushort*)x);
            V scales = W.Broadcast(scale);
            sbyte* quants = (sbyte*)(x + sizeof(ushort));
            int length = Math.Min(32, n - begin);
            int i = 0;
            for (; i <= length - W.Count; i += W.Count)
                W.Store(W.Multiply(scales, FloatMath<W, V>.LoadInt8(quants + i)), output + begin + i);
            for (; i < length; i++) output[begin + i] = scale * quants[i];
        }
    }

    public override void Widen(float* x, float* low, float* high, int n)
    {
        int i = 0;
        for (; i <= n - W.Count; i += W.Count)
        {
            V value = W.Load(x + i);
            W.Store(W.Min(value, W.Load(low + i)), low + i);
            W.Store(W.Max(value, W.Load(high + i)), high + i);
        }

        for (; i < n; i++)
        {
            low[i] = x[i] < low[i] ? x[i] : low[i];
            high[i] = x[i] > high[i] ? x[i] : high[i];
        }
    }

    public override float UpperBound(float* x, float* low, float* high, int n)
    {
        V sum = W.Broadcast(0f), sum2 = sum;
        int i = 0;
        for (; i <= n - (2 * W.Count); i += 2 * W.Count)
        {
            V a = W.Load(x + i), b = W.Load(x + i + W.Count);
            sum = W.Add(sum, W.Max(W.Multiply(a, W.Load(low + i)), W.Multiply(a, W.Load(high + i))));
            V most = W.Max(W.Multiply(b, W.Load(low + i + W.Count)), W.Multiply(b, W.Load(high + i + W.Count)));
            sum2 = W.Add(sum2, most);
        }

        float total = W.Sum(W.Add(sum, sum2));
        for (; i < n; i++) total += Math.Max(x[i] * low[i], x[i] * high[i]);
        return total;
    }
}
