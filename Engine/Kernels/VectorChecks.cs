using Engine.Isa;
using Engine.Memory;

namespace Engine.Kernels;

/// <summary>Checks of the row and element-wise kernels against the scalar ones, which tests hold to double precision.
/// </summary>
internal static unsafe class VectorChecks
{
    /// <summary>Error allowed, relative to the larger of one and the value.</summary>
    private const float Tolerance = 3e-6f;

    private const int Capacity = 640;

    private static readonly int[] Lengths = [0, 1, 7, 31, 33, 70, 576];

    private delegate void Kernel(VectorKernels kernels, float* x, float* y, int n);

    /// <summary>One check for each kernel.</summary>
    public static IEnumerable<SelfCheck> All =>
    [
        Check("rms norm", (k, x, y, n) => k.RmsNorm(x, y, x, n, 1e-5f)),
        Check("layer norm", (k, x, y, n) => k.LayerNorm(x, y, y, x, n, 1e-2f)),
        Check("add", (k, x, y, n) => k.Add(x, y, n)),
        Check("soft cap", (k, x, y, n) => k.SoftCap(x, 3, n)),
        Check("silu", (k, x, y, n) => k.SiluMultiply(x, y, n)),
        Check("gelu tanh", (k, x, y, n) => k.GeluTanhMultiply(x, y, n)),
        Check("gelu erf", (k, x, y, n) => k.GeluErfMultiply(x, y, n)),
        Check("relu squared", (k, x, y, n) => k.ReluSquared(x, n)),
        Check("rope interleaved", (k, x, y, n) => k.RopeInterleaved(x, y, y + (n / 2), n / 2)),
        Check("rope halves", (k, x, y, n) => k.RopeHalves(x, y, y + (n / 2), n / 2)),
        Check("arg max", (k, x, y, n) => x[0] = n > 0 ? k.ArgMax(x, n) : 0),
        Check("quantize", Quantize),
        Check("half", Halve),
        Check("cache row", (k, x, y, n) => k.QuantizeQ8_0Row(y, (byte*)x, n)),
        Check("cache row back", ReadRows),
        Check("bounds", Bound),
    ];

    private static SelfCheck Check(string name, Kernel kernel) =>
        new(name, isa => Find(VectorKernels.For(isa), kernel));

    private static string? Find(VectorKernels kernels, Kernel kernel)
    {
        VectorKernels scalar = VectorKernels.For(InstructionSet.Scalar);
        using AlignedBuffer<float> expected = new(Capacity), actual = new(Capacity), other = new(Capacity);
        foreach (int n in Lengths)
        {
            var random = new Random(n);
            for (int i = 0; i < Capacity; i++)
            {
                expected.Pointer[i] = actual.Pointer[i] = (random.NextSingle() * 8) - 4;
                other.Pointer[i] = (random.NextSingle() * 2) - 1;
            }

            // One float of offset leaves the rows unaligned.
            kernel(scalar, expected.Pointer + 1, other.Pointer + 1, n);
            kernel(kernels, actual.Pointer + 1, other.Pointer + 1, n);
            for (int i = 0; i < Capacity; i++)
            {
                float wanted = expected.Pointer[i], found = actual.Pointer[i];
                bool same = BitConverter.SingleToInt32Bits(wanted) == BitConverter.SingleToInt32Bits(found);
                if (!same && !(Math.Abs(found - wanted) <= Tolerance * Math.Max(1, Math.Abs(wanted))))
                    return $"{n} elements, element {i - 1}: {found}, not {wanted}";
            }
        }

        return null;
    }

    private static void Quantize(VectorKernels kernels, float* x, float* y, int n)
    {
        n = n / 32 * 32;
        sbyte* quants = stackalloc sbyte[Capacity];
        float* scales = stackalloc float[Capacity / 32];
        short* sums = stackalloc short[Capacity / 16];
        foreach (int group in (ReadOnlySpan<int>)[32, 256])
        {
            kernels.Quantize(y, n, group, quants, scales, sums);
            for (int i = 0; i < n; i++) x[i] = (quants[i] * 1000f) + sums[i / 16] + (scales[i / group] * 100);
        }
    }

    private static void ReadRows(VectorKernels kernels, float* x, float* y, int n)
    {
        byte* row = stackalloc byte[(Capacity * 34 / 32) + 34];
        kernels.QuantizeQ8_0Row(y, row, n);
        kernels.DequantizeQ8_0Row(row, x, n);
        ushort* halves = stackalloc ushort[Capacity];
        float* wide = stackalloc float[Capacity];
        kernels.ToHalf(y, halves, n);
        kernels.FromFiniteHalf(halves, wide, n);
        kernels.Add(x, wide, n);
    }

    private static void Bound(VectorKernels kernels, float* x, float* y, int n)
    {
        float* low = stackalloc float[Capacity];
        float* high = stackalloc float[Capacity];
        kernels.Widen(x, low, high, n);
        kernels.Widen(y, low, high, n);
        // As a fraction of the elements, which the tolerance is meant for.
        float bound = kernels.UpperBound(y, low, high, n) / Math.Max(1, n);
        for (int i = 0; i < n; i++) x[i] = low[i] + (2 * high[i]) + bound;
    }

    private static void Halve(VectorKernels kernels, float* x, float* y, int n)
    {
        ushort* halves = stackalloc ushort[Capacity];
        kernels.ToHalf(y, halves, n);
        kernels.FromHalf(halves, x, n);
    }
}
