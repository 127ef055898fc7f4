using System.Runtime.Intrinsics;
using Engine.Isa;
using Engine.Kernels;

namespace Engine.Tests.Kernels;

/// <summary>Bounds of the elementary functions on every kind of words, dense over the whole range.</summary>
[TestClass]
public sealed unsafe class FloatMathTests
{
    [TestMethod]
    public void Scalar() => CheckAll<FloatWordsScalar, float>();

    [TestMethod]
    public void Words128() => CheckAll<FloatWords128, Vector128<float>>();

    [TestMethod]
    public void Words256()
    {
        FloatSets.Parse("avx2");
        CheckAll<FloatWords256, Vector256<float>>();
    }

    [TestMethod]
    public void Words512()
    {
        FloatSets.Parse("avx512");
        CheckAll<FloatWords512, Vector512<float>>();
    }

    private static void CheckAll<W, V>()
        where W : struct, IFloatWords<V>
        where V : unmanaged
    {
        CheckNarrowLoads<W, V>();
        CheckRelative<W, V>("exp", FloatMath<W, V>.Exp, Math.Exp, -87.3, 88.7, 3e-7);
        CheckRelative<W, V>("exp2", FloatMath<W, V>.Exp2, x => Math.Pow(2, x), -125.9, 127.8, 3e-7);
        CheckRelative<W, V>("tanh", FloatMath<W, V>.Tanh, Math.Tanh, -12, 12, 4e-7);
        CheckRelative<W, V>("tanh near 0", FloatMath<W, V>.Tanh, Math.Tanh, -1e-3, 1e-3, 4e-7);
        CheckRelative<W, V>("silu", FloatMath<W, V>.Silu, x => x / (1 + Math.Exp(-x)), -20, 20, 5e-7);
        CheckAbsolute<W, V>("gelu_tanh", FloatMath<W, V>.GeluTanh,
            x => x / 2 * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))), 1e-6);
        CheckAbsolute<W, V>("gelu_erf", FloatMath<W, V>.GeluErf, x => x * ReferenceMath.NormalDistribution(x), 1e-6);

        Assert.AreEqual(0f, One<W, V>(FloatMath<W, V>.Exp, float.NegativeInfinity));
        Assert.AreEqual(0f, One<W, V>(FloatMath<W, V>.Exp, -90));
        Assert.AreEqual(1f, One<W, V>(FloatMath<W, V>.Exp, 0));
        Assert.IsTrue(One<W, V>(FloatMath<W, V>.Exp, float.PositiveInfinity) > 3e38f);
        Assert.IsTrue(float.IsNaN(One<W, V>(FloatMath<W, V>.Exp, float.NaN)));
        Assert.AreEqual(0f, One<W, V>(FloatMath<W, V>.Exp2, float.NegativeInfinity));
        Assert.IsTrue(float.IsNaN(One<W, V>(FloatMath<W, V>.Exp2, float.NaN)));
        Assert.AreEqual(1f, One<W, V>(FloatMath<W, V>.Tanh, 1e30f));
        Assert.AreEqual(-1f, One<W, V>(FloatMath<W, V>.Tanh, float.NegativeInfinity));
        foreach (float large in (float[])[50, 1e4f, 1e18f])
        {
            Assert.AreEqual(large, One<W, V>(FloatMath<W, V>.GeluErf, large));
            Assert.AreEqual(large, One<W, V>(FloatMath<W, V>.GeluTanh, large));
            Assert.AreEqual(0f, One<W, V>(FloatMath<W, V>.GeluErf, -large));
            Assert.AreEqual(0f, One<W, V>(FloatMath<W, V>.GeluTanh, -large), 1e-19f);
        }
    }

    /// <summary>Loads of narrow types end at an inaccessible page: none may read further than its elements.</summary>
    private static void CheckNarrowLoads<W, V>()
        where W : struct, IFloatWords<V>
        where V : unmanaged
    {
        using GuardedBuffer<ushort> halves = new(W.Count);
        using GuardedBuffer<sbyte> bytes = new(W.Count);
        float* lanes = stackalloc float[16];
        for (int i = 0; i < W.Count; i++) (halves.Pointer[i], bytes.Pointer[i]) = ((ushort)(0x8001 + i), (sbyte)-i);
        W.Store(W.LoadInt16(halves.Pointer), lanes);
        for (int i = 0; i < W.Count; i++) Assert.AreEqual((short)(0x8001 + i), ((int*)lanes)[i]);
        W.Store(W.LoadInt8(bytes.Pointer), lanes);
        for (int i = 0; i < W.Count; i++) Assert.AreEqual(-i, ((int*)lanes)[i]);
    }

    private static float One<W, V>(Func<V, V> function, float x)
        where W : struct, IFloatWords<V>
        where V : unmanaged
    {
        float* lanes = stackalloc float[16];
        W.Store(function(W.Broadcast(x)), lanes);
        return lanes[W.Count - 1];
    }

    private static void CheckRelative<W, V>(string name, Func<V, V> function, Func<double, double> expected, double low,
        double high, double tolerance)
        where W : struct, IFloatWords<V>
        where V : unmanaged => Check<W, V>(name, function, low, high, (x, y) =>
        {
            double wanted = expected(x);
            return wanted == 0 ? y == 0 : Math.Abs(y - wanted) <= tolerance * Math.Abs(wanted);
        });

    private static void CheckAbsolute<W, V>(string name, Func<V, V> function, Func<double, double> expected,
        double tolerance)
        where W : struct, IFloatWords<V>
        where V : unmanaged => Check<W, V>(name, function, -12, 12, (x, y) =>
            Math.Abs(y - expected(x)) <= tolerance * Math.Max(1, Math.Abs(x)));

    private static void Check<W, V>(string name, Func<V, V> function, double low, double high,
        Func<double, double, bool> isGood)
        where W : struct, IFloatWords<V>
        where V : unmanaged
    {
        const int Points = 16 * 2000;
        float* x = stackalloc float[16], y = stackalloc float[16];
        for (int i = 0; i < Points; i += W.Count)
        {
            for (int lane = 0; lane < W.Count; lane++)
                x[lane] = (float)(low + ((high - low) * (i + lane) / (Points - 1)));
            W.Store(function(W.Load(x)), y);
            for (int lane = 0; lane < W.Count; lane++)
            {
                if (!isGood(x[lane], y[lane])) Assert.Fail($"{name}({x[lane]:R}) = {y[lane]:R}");
            }
        }
    }
}
