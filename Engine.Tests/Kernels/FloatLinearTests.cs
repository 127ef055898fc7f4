using Engine.Formats;
using Engine.Kernels;

namespace Engine.Tests.Kernels;

/// <summary>F32, F16 and BF16 cells at any number of columns and rows, with rows that start anywhere.</summary>
[TestClass]
public sealed unsafe class FloatLinearTests
{
    private static readonly int[] Columns = [1, 2, 7, 8, 15, 16, 17, 23, 31, 33, 46, 64, 90, 576, 1025];

    public static IEnumerable<object[]> Cells =>
        from set in FloatSets.Names
        from type in (WeightType[])[WeightType.F32, WeightType.F16, WeightType.BF16]
        where !((string)set[0]).Contains("words", StringComparison.Ordinal)
        select new[] { set[0], type };

    [TestMethod]
    [DynamicData(nameof(Cells))]
    public void OddSizes(string set, WeightType type)
    {
        LinearKernel kernel = FloatLinear.Find(FloatSets.Parse(set), type)!;
        StringAssert.Contains(kernel.Name, set);
        foreach (int columns in Columns)
        {
            foreach (int rows in (int[])[1, 4, 7, 13])
            {
                using var test = new Case(type, rows, columns, 9);
                foreach (int tokens in (int[])[1, 2, 3, 4, 9]) test.Check(kernel, tokens);
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Cells))]
    public void AResultDependsNeitherOnTheBatchNorOnThePartition(string set, WeightType type)
    {
        LinearKernel kernel = FloatLinear.Find(FloatSets.Parse(set), type)!;
        using var test = new Case(type, 11, 2200, 9);
        float[] whole = test.Run(kernel, 0, 9, 11);
        float[] parts = test.Run(kernel, 0, 9, kernel.RowGranularity);
        CollectionAssert.AreEqual(whole, parts);
        for (int token = 0; token < 9; token++)
            CollectionAssert.AreEqual(whole[(token * 11)..((token + 1) * 11)], test.Run(kernel, token, 1, 11));
    }

    private sealed class Case : IDisposable
    {
        private readonly GuardedBuffer<byte> weights;
        private readonly GuardedBuffer<float> decoded, input;
        private readonly GuardedBuffer<byte> scratch = new(LinearKernel.ScratchBytes);
        private readonly WeightView view;

        public Case(WeightType type, int rows, int columns, int tokens)
        {
            WeightFormat format = WeightFormats.Get(type);
            var random = new Random((rows * 1000) + columns);
            decoded = new(rows * columns);
            input = new(tokens * columns);
            weights = new((int)format.BytesOf(rows * columns));
            foreach (ref float value in decoded.Span) value = (random.NextSingle() * 2) - 1;
            foreach (ref float value in input.Span) value = (random.NextSingle() * 2) - 1;
            format.Encode(decoded.Span, weights.Span);
            format.Decode(weights.Span, decoded.Span);
            view = new WeightView
            {
                Data = weights.Pointer, Rows = rows, Columns = columns, Type = type,
                RowBytes = (nint)format.BytesOf(columns),
            };
        }

        public float[] Run(LinearKernel kernel, int firstToken, int tokens, int rowsAtOnce)
        {
            using GuardedBuffer<float> output = new(tokens * view.Rows);
            output.Span.Fill(float.NaN);
            var activations = new ActivationView
            {
                Rows = tokens, Columns = view.Columns, ValueStride = view.Columns,
                Values = input.Pointer + (firstToken * view.Columns),
            };
            for (int row = 0; row < view.Rows; row += rowsAtOnce)
            {
                kernel.Multiply(view, row, Math.Min(view.Rows, row + rowsAtOnce), activations, output.Pointer,
                    view.Rows, scratch.Pointer);
            }

            return output.Span.ToArray();
        }

        public void Check(LinearKernel kernel, int tokens)
        {
            float[] output = Run(kernel, 0, tokens, view.Rows);
            for (int i = 0; i < output.Length; i++)
            {
                (int token, int row) = Math.DivRem(i, view.Rows);
                double expected = 0, size = 0;
                for (int k = 0; k < view.Columns; k++)
                {
                    double term = decoded.Pointer[(row * view.Columns) + k]
                        * (double)input.Pointer[(token * view.Columns) + k];
                    expected += term;
                    size += Math.Abs(term);
                }

                if (!(Math.Abs(output[i] - expected) <= 1e-6 * size))
                    Assert.Fail($"{view.Rows} × {view.Columns}, {tokens} tokens, {i}: {output[i]}, not {expected}");
            }
        }

        public void Dispose()
        {
            weights.Dispose();
            decoded.Dispose();
            input.Dispose();
            scratch.Dispose();
        }
    }
}
