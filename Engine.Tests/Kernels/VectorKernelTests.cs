using Engine.Kernels;

namespace Engine.Tests.Kernels;

/// <summary>Element-wise and row kernels against double precision: every length up to 70, ending at an inaccessible
/// page (so every start is misaligned once), on every instruction set.</summary>
[TestClass]
public sealed unsafe class VectorKernelTests
{
    private const int LongestRow = 70;

    private static readonly int[] Lengths = [.. Enumerable.Range(0, LongestRow + 1), 576, 1033, 2050];

    private delegate void InPlace(float* x, int n);

    private delegate void InPlacePair(float* x, float* y, int n);

    public static IEnumerable<object[]> Sets => FloatSets.Names;

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void ElementWise(string set)
    {
        VectorKernels kernels = FloatSets.Vector(set);
        Check(kernels.GeluTanh, GeluTanh, 1e-6);
        Check(kernels.GeluErf, GeluErf, 1e-6);
        Check(kernels.Silu, x => x / (1 + Math.Exp(-x)), 1e-6);
        Check(kernels.ReluSquared, x => x > 0 ? x * x : 0, 1e-6);
        Check((x, n) => kernels.Scale(x, 1.7f, n), x => x * (double)1.7f, 1e-6);
        Check((x, n) => kernels.SoftCap(x, 30, n), x => 30 * Math.Tanh(x / 30), 1e-6);
        CheckPair(kernels.Add, (x, y) => x + y);
        CheckPair(kernels.SiluMultiply, (x, y) => x / (1 + Math.Exp(-x)) * y);
        CheckPair(kernels.GeluTanhMultiply, (x, y) => GeluTanh(x) * y);
        CheckPair(kernels.GeluErfMultiply, (x, y) => GeluErf(x) * y);
    }

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void Norms(string set)
    {
        VectorKernels kernels = FloatSets.Vector(set);
        foreach (int n in Lengths.Where(length => length > 0))
        {
            using GuardedBuffer<float> x = Random(n, 1), weight = Random(n, 2), bias = Random(n, 3), output = new(n);
            for (int i = 0; i < n; i++) x.Pointer[i] += 0.5f;
            double[] values = [.. x.Span.ToArray().Select(value => (double)value)];
            double mean = values.Average(), square = values.Average(value => value * value);
            double variance = values.Average(value => (value - mean) * (value - mean));

            kernels.RmsNorm(x.Pointer, weight.Pointer, output.Pointer, n, 1e-5f);
            Compare(output, i => values[i] / Math.Sqrt(square + 1e-5) * weight.Pointer[i]);
            kernels.LayerNorm(x.Pointer, weight.Pointer, bias.Pointer, output.Pointer, n, 1e-5f);
            Compare(output, i => ((values[i] - mean) / Math.Sqrt(variance + 1e-5) * weight.Pointer[i])
                + bias.Pointer[i], n < 3 ? 1e-3 : 1e-5);
            kernels.LayerNorm(x.Pointer, null, null, output.Pointer, n, 1e-5f);
            Compare(output, i => (values[i] - mean) / Math.Sqrt(variance + 1e-5), n < 3 ? 1e-3 : 1e-5);
            kernels.RmsNorm(x.Pointer, null, x.Pointer, n, 1e-5f);
            Compare(x, i => values[i] / Math.Sqrt(square + 1e-5));
        }
    }

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void Rope(string set)
    {
        VectorKernels kernels = FloatSets.Vector(set);
        for (int pairs = 0; pairs <= LongestRow; pairs++)
        {
            using GuardedBuffer<float> cos = new(pairs), sin = new(pairs), x = Random(2 * pairs, pairs);
            for (int i = 0; i < pairs; i++) (cos.Pointer[i], sin.Pointer[i]) = (MathF.Cos(i + 1), MathF.Sin(i + 1));
            float[] before = x.Span.ToArray();
            kernels.RopeInterleaved(x.Pointer, cos.Pointer, sin.Pointer, pairs);
            Compare(x, i => Rotated(before[i & ~1], before[i | 1], i / 2, i % 2));
            before.CopyTo(x.Span);
            int half = pairs;
            kernels.RopeHalves(x.Pointer, cos.Pointer, sin.Pointer, pairs);
            Compare(x, i => Rotated(before[i % half], before[half + (i % half)], i % half, i / half));

            double Rotated(double a, double b, int pair, int second) => second == 0
                ? (a * cos.Pointer[pair]) - (b * sin.Pointer[pair])
                : (a * sin.Pointer[pair]) + (b * cos.Pointer[pair]);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void ArgMaxTakesTheFirstOfEqualsAndNeverNaN(string set)
    {
        VectorKernels kernels = FloatSets.Vector(set);
        for (int n = 1; n <= LongestRow; n++)
        {
            for (int at = 0; at < n; at++)
            {
                using GuardedBuffer<float> x = Random(n, n);
                x.Pointer[at] = x.Pointer[n - 1] = 100;
                Assert.AreEqual(at, kernels.ArgMax(x.Pointer, n), $"n {n}");
                x.Pointer[n / 2] = float.NaN;
                int expected = at != n / 2 ? at : n - 1 != n / 2 ? n - 1 : -1;
                if (expected >= 0) Assert.AreEqual(expected, kernels.ArgMax(x.Pointer, n), $"n {n}, NaN inside");
            }

            using GuardedBuffer<float> same = new(n);
            same.Span.Fill(float.NegativeInfinity);
            Assert.AreEqual(0, kernels.ArgMax(same.Pointer, n));
            same.Pointer[n - 1] = -5;
            Assert.AreEqual(n - 1, kernels.ArgMax(same.Pointer, n));
            same.Span.Fill(float.NaN);
            Assert.AreEqual(0, kernels.ArgMax(same.Pointer, n));
        }
    }

    private static double GeluTanh(double x) =>
        x / 2 * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x))));

    private static double GeluErf(double x) => x * ReferenceMath.NormalDistribution(x);

    private static GuardedBuffer<float> Random(int n, int seed)
    {
        var random = new Random(seed);
        var buffer = new GuardedBuffer<float>(n);
        foreach (ref float value in buffer.Span) value = (float)((random.NextDouble() * 12) - 6);
        return buffer;
    }

    private static void Check(InPlace kernel, Func<double, double> expected, double tolerance)
    {
        foreach (int n in Lengths)
        {
            using GuardedBuffer<float> x = Random(n, n);
            float[] before = x.Span.ToArray();
            kernel(x.Pointer, n);
            Compare(x, i => expected(before[i]), tolerance);
        }
    }

    private static void CheckPair(InPlacePair kernel, Func<double, double, double> expected)
    {
        foreach (int n in Lengths)
        {
            using GuardedBuffer<float> x = Random(n, n), y = Random(n, n + 1);
            float[] before = x.Span.ToArray();
            kernel(x.Pointer, y.Pointer, n);
            Compare(x, i => expected(before[i], y.Pointer[i]));
        }
    }

    private static void Compare(GuardedBuffer<float> actual, Func<int, double> expected, double tolerance = 2e-6)
    {
        for (int i = 0; i < actual.Count; i++)
        {
            double wanted = expected(i);
            if (!(Math.Abs(actual.Pointer[i] - wanted) <= tolerance * Math.Max(1, Math.Abs(wanted))))
                Assert.Fail($"n {actual.Count}, element {i}: {actual.Pointer[i]}, not {wanted}");
        }
    }
}
