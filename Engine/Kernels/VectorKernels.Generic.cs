using Engine.Isa;

namespace Engine.Kernels;

/// <summary>The loops, written once; the last few elements go through the scalar words.</summary>
internal sealed unsafe partial class VectorKernels<W, V> : VectorKernels
    where W : struct, IFloatWords<V>
    where V : unmanaged
{
    public override void RmsNorm(float* x, float* weight, float* output, int n, float epsilon)
    {
        float factor = (float)(1 / Math.Sqrt((SumOfSquares(x, 0, n) / n) + epsilon));
        Normalize(x, weight, null, output, n, 0, factor);
    }

    public override void LayerNorm(float* x, float* weight, float* bias, float* output, int n, float epsilon)
    {
        float mean = (float)(Sum(x, n) / n);
        float factor = (float)(1 / Math.Sqrt((SumOfSquares(x, mean, n) / n) + epsilon));
        Normalize(x, weight, bias, output, n, mean, factor);
    }

    public override void Add(float* x, float* y, int n)
    {
        int i = 0;
        for (; i <= n - W.Count; i += W.Count) W.Store(W.Add(W.Load(x + i), W.Load(y + i)), x + i);
        for (; i < n; i++) x[i] += y[i];
    }

    public override void Scale(float* x, float factor, int n) => Map<ScaleOperation>(x, factor, n);

    public override void SoftCap(float* x, float cap, int n) => Map<SoftCapOperation>(x, cap, n);

    public override void SiluMultiply(float* gate, float* up, int n) => MapMultiply<SiluOperation>(gate, up, n);

    public override void GeluTanhMultiply(float* gate, float* up, int n) =>
        MapMultiply<GeluTanhOperation>(gate, up, n);

    public override void GeluErfMultiply(float* gate, float* up, int n) => MapMultiply<GeluErfOperation>(gate, up, n);

    public override void GeluTanh(float* x, int n) => Map<GeluTanhOperation>(x, 0, n);

    public override void GeluErf(float* x, int n) => Map<GeluErfOperation>(x, 0, n);

    public override void Silu(float* x, int n) => Map<SiluOperation>(x, 0, n);

    public override void ReluSquared(float* x, int n) => Map<ReluSquaredOperation>(x, 0, n);

    public override int ArgMax(float* x, int n)
    {
        V best = W.Broadcast(float.NegativeInfinity);
        int i = 0;
        for (; i <= n - W.Count; i += W.Count) best = W.MaxNumber(W.Load(x + i), best);
        float* lanes = stackalloc float[W.Count];
        W.Store(best, lanes);
        float largest = float.NegativeInfinity;
        for (int lane = 0; lane < W.Count; lane++) largest = FloatWordsScalar.MaxNumber(lanes[lane], largest);
        for (; i < n; i++) largest = FloatWordsScalar.MaxNumber(x[i], largest);
        return IndexOf(x, n, largest);
    }

    public override void ToHalf(float* x, ushort* output, int n)
    {
        int i = 0;
        for (; i <= n - W.Count; i += W.Count) FloatMath<W, V>.StoreHalf(W.Load(x + i), output + i);
        for (; i < n; i++) FloatMath<FloatWordsScalar, float>.StoreHalf(x[i], output + i);
    }

    public override void FromHalf(ushort* x, float* output, int n)
    {
        int i = 0;
        for (; i <= n - W.Count; i += W.Count) W.Store(FloatMath<W, V>.LoadHalf(x + i), output + i);
        for (; i < n; i++) output[i] = FloatMath<FloatWordsScalar, float>.LoadHalf(x + i);
    }

    private static void Map<TOperation>(float* x, float parameter, int n)
        where TOperation : struct, IUnaryOperation
    {
        V parameters = W.Broadcast(parameter);
        int i = 0;
        for (; i <= n - W.Count; i += W.Count) W.Store(TOperation.Apply<W, V>(W.Load(x + i), parameters), x + i);
        for (; i < n; i++) x[i] = TOperation.Apply<FloatWordsScalar, float>(x[i], parameter);
    }

    private static void MapMultiply<TOperation>(float* x, float* y, int n)
        where TOperation : struct, IUnaryOperation
    {
        V none = W.Broadcast(0f);
        int i = 0;
        for (; i <= n - W.Count; i += W.Count)
            W.Store(W.Multiply(TOperation.Apply<W, V>(W.Load(x + i), none), W.Load(y + i)), x + i);
        for (; i < n; i++) x[i] = TOperation.Apply<FloatWordsScalar, float>(x[i], 0) * y[i];
    }

    /// <summary>Index of the first element equal to <paramref name="value"/>; 0 if none is (all NaN).</summary>
    private static int IndexOf(float* x, int n, float value)
    {
        V sought = W.Broadcast(value);
        int i = 0;
        while (i <= n - W.Count && !W.AnyEqual(W.Load(x + i), sought)) i += W.Count;
        while (i < n && x[i] != value) i++;
        return i < n ? i : 0;
    }
}
