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
                using var test = new Case(type, rows, columns, 33);
                foreach (int tokens in (int[])[1, 2, 3, 4, 9, 12, 13, 33]) test.Check(kernel, tokens);
            }
        }
    }

    /// <remarks>Up to <see cref="QuantizedLinear.ManyTokens"/> a token gets the very bits that it gets alone, which
    /// speculation needs; from there on the bits of another order, again whatever the number.</remarks>
    [TestMethod]
    [DynamicData(nameof(Cells))]
    public void AResultDependsNeitherOnTheBatchNorOnThePartition(string set, WeightType type)
    {
        const int Few = QuantizedLinear.ManyTokens - 1, Rows = 37;
        LinearKernel kernel = FloatLinear.Find(FloatSets.Parse(set), type)!;
        foreach (int columns in (int[])[90, 1200, 2215, 4097])
        {
            using var test = new Case(type, Rows, columns, 31);
            float[] alone = [.. Enumerable.Range(0, 31).SelectMany(token => test.Run(kernel, token, 1, Rows))];
            for (int tokens = 1; tokens <= Few; tokens++)
            {
                float[] together = test.Run(kernel, 5, tokens, tokens % 2 == 0 ? Rows : kernel.RowGranularity);
                CollectionAssert.AreEqual(alone[(5 * Rows)..((5 + tokens) * Rows)], together, $"{columns} {tokens}");
            }

            float[] many = test.Run(kernel, 0, 31, Rows);
            CollectionAssert.AreEqual(many, test.Run(kernel, 0, 31, kernel.RowGranularity));
            foreach ((int first, int tokens) in (ReadOnlySpan<(int, int)>)[(0, 12), (1, 13), (7, 18), (8, 23)])
            {
                float[] part = many[(first * Rows)..((first + tokens) * Rows)];
                CollectionAssert.AreEqual(part, test.Run(kernel, first, tokens, Rows), $"{columns} {first} {tokens}");
            }
        }
    }

    /// <summary>Every finite value, subnormal ones too, times one among zeros.</summary>
    [TestMethod]
    [DynamicData(nameof(Cells))]
    public void EveryFiniteWeightIsExact(string set, WeightType type)
    {
        const int Columns = 67, Rows = 1024;
        LinearKernel kernel = FloatLinear.Find(FloatSets.Parse(set), type)!;
        WeightFormat format = WeightFormats.Get(type);
        using var test = new Case(type, Rows, Columns, QuantizedLinear.ManyTokens);
        test.Input.Fill(1);
        float[] expected = new float[Rows];
        for (int first = 0; first < 65536; first += Rows)
        {
            test.Weights.Clear();
            for (int row = 0; row < Rows; row++)
            {
                Span<byte> weight = test.Weights.Slice(format.BlockBytes * (row * Columns + row % Columns),
                    format.BlockBytes);
                BitConverter.TryWriteBytes(weight[^2..], (ushort)(first + row));
                format.Decode(weight, expected.AsSpan(row, 1));
                if (float.IsFinite(expected[row])) continue;
                weight.Clear();
                expected[row] = 0;
            }

            foreach (int tokens in (int[])[1, 2, 4, QuantizedLinear.ManyTokens])
            {
                float[] output = test.Run(kernel, 0, tokens, Rows);
                for (int i = 0; i < output.Length; i++)
                {
                    if (output[i] != expected[i % Rows])
                        Assert.Fail($"{first + i % Rows:x4}, {tokens} tokens: {output[i]}, not {expected[i % Rows]}");
                }
            }
        }
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

        public Span<byte> Weights => weights.Span;

        public Span<float> Input => input.Span;

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
