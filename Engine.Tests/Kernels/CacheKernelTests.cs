using Engine.Isa;
using Engine.Kernels;

namespace Engine.Tests.Kernels;

/// <summary>Kernels that read cache rows back and bound them, on every length up to 70 and ending at an inaccessible
/// page.</summary>
[TestClass]
public sealed unsafe class CacheKernelTests
{
    private static readonly int[] Lengths = [.. Enumerable.Range(1, 70), 576];

    public static IEnumerable<object[]> Sets => FloatSets.Names;

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void Rows_read_back_are_what_scalar_code_reads(string set)
    {
        VectorKernels kernels = FloatSets.Vector(set), scalar = VectorKernels.For(InstructionSet.Scalar);
        foreach (int n in Lengths)
        {
            var random = new Random(n);
            using GuardedBuffer<float> x = new(n), expected = new(n), found = new(n);
            foreach (ref float value in x.Span) value = random.NextSingle() * 8 - 4;
            using GuardedBuffer<ushort> halves = new(n);
            kernels.ToHalf(x.Pointer, halves.Pointer, n);
            halves.Pointer[n / 2] = 0xFC00;
            kernels.FromFiniteHalf(halves.Pointer, found.Pointer, n);
            for (int i = 0; i < n; i++)
                Assert.AreEqual(i == n / 2 ? -65536f : (float)(Half)x.Pointer[i], found.Pointer[i], $"{n}: {i}");
            using GuardedBuffer<byte> blocks = new((n + 31) / 32 * 34);
            kernels.QuantizeQ8_0Row(x.Pointer, blocks.Pointer, n);
            scalar.DequantizeQ8_0Row(blocks.Pointer, expected.Pointer, n);
            kernels.DequantizeQ8_0Row(blocks.Pointer, found.Pointer, n);
            CollectionAssert.AreEqual(expected.Span.ToArray(), found.Span.ToArray());
            for (int i = 0; i < n; i++) Assert.AreEqual(x.Pointer[i], found.Pointer[i], 0.02f);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void Bounds_hold_every_row_and_no_product_exceeds_the_upper_bound(string set)
    {
        VectorKernels kernels = FloatSets.Vector(set);
        foreach (int n in Lengths)
        {
            var random = new Random(n);
            using GuardedBuffer<float> query = new(n), low = new(n), high = new(n);
            low.Span.Fill(float.PositiveInfinity);
            high.Span.Fill(float.NegativeInfinity);
            foreach (ref float value in query.Span) value = random.NextSingle() - 0.5f;
            var rows = new float[5][];
            for (int r = 0; r < rows.Length; r++)
            {
                using GuardedBuffer<float> row = new(n);
                foreach (ref float value in row.Span) value = random.NextSingle() - 0.5f;
                kernels.Widen(row.Pointer, low.Pointer, high.Pointer, n);
                rows[r] = row.Span.ToArray();
            }

            double bound = 0;
            for (int i = 0; i < n; i++)
            {
                Assert.AreEqual(rows.Min(row => row[i]), low.Pointer[i]);
                Assert.AreEqual(rows.Max(row => row[i]), high.Pointer[i]);
                double q = query.Pointer[i];
                bound += Math.Max(q * low.Pointer[i], q * high.Pointer[i]);
            }

            float found = kernels.UpperBound(query.Pointer, low.Pointer, high.Pointer, n);
            Assert.AreEqual(bound, found, 1e-6 * n + 1e-6);
            foreach (float[] row in rows)
            {
                double score = 0;
                for (int i = 0; i < n; i++) score += query.Pointer[i] * (double)row[i];
                Assert.IsLessThanOrEqualTo(found + 1e-5, score);
            }
        }
    }
}
