using System.Diagnostics;
using Engine.Attention;
using Engine.Attention.Hyper;
using Engine.Cache;
using Engine.Cli;
using Engine.Isa;
using Engine.Memory;

namespace Engine.Bench;

/// <summary>One way to approximate a node at one budget: milliseconds of a head, and errors over heads.</summary>
internal sealed record NodeRow(string Inputs, int Keys, int Budget, int Sinks, string Method, double Milliseconds,
    LayerErrorSum? Errors);

/// <summary>Approximations of one node at equal budgets: HyperAttention by buckets and by diagonals, and KDEformer. As
/// many queries as keys come behind all keys, so there is no mask: the largest node of a causal layer.</summary>
internal sealed unsafe class LayerErrors(LayerSource source, int keys, int heads) : IDisposable
{
    private const int Dimension = LayerInputs.Dimension;

    private readonly LayerInputs inputs = new(2 * keys);
    private readonly AlignedBuffer<float> exact = new((nint)keys * Dimension), output = new((nint)keys * Dimension);
    private readonly AlignedBuffer<float> exactSums = new(keys), sums = new(keys);
    private readonly HyperAttention kernel = HyperAttention.For(InstructionSets.Best);

    private float* Queries => inputs.Queries.Pointer + ((nint)keys * Dimension);

    /// <summary>Measures all methods at each budget, with and without sinks.</summary>
    public List<NodeRow> Measure(ReadOnlySpan<int> budgets)
    {
        var cells = new Dictionary<(int Budget, int Sinks, string Method), (double Time, LayerErrorSum Errors)>();
        double exactTime = 0;
        source.Fill(inputs, 0);
        // The runtime compiles for good what runs for a while.
        for (int i = 0; i < 30; i++) MeasureHead(budgets[0], (_, _, _, _) => { });
        for (int head = 0; head < heads; head++)
        {
            source.Fill(inputs, head);
            exactTime += Time(Exact);
            foreach (int budget in budgets)
            {
                MeasureHead(budget, (at, sinks, method, time) =>
                {
                    if (!cells.TryGetValue((at, sinks, method), out (double Time, LayerErrorSum Errors) cell))
                        cell = (0, new LayerErrorSum());
                    // KDEformer makes no log-sum-exps.
                    float* own = method == "KDEformer" ? exactSums.Pointer : sums.Pointer;
                    cell.Errors.Add(exact.Pointer, exactSums.Pointer, keys, output.Pointer, own, 1, Dimension);
                    cells[(at, sinks, method)] = (cell.Time + time, cell.Errors);
                });
            }
        }

        var rows = new List<NodeRow> { new(source.Name, keys, keys, 0, "exact", exactTime / heads, null) };
        foreach (((int budget, int sinks, string method), (double time, LayerErrorSum errors)) in cells)
            rows.Add(new NodeRow(source.Name, keys, budget, sinks, method, time / heads, errors));
        return rows;
    }

    public void Dispose()
    {
        inputs.Dispose();
        foreach (AlignedBuffer<float> one in (AlignedBuffer<float>[])[exact, output, exactSums, sums]) one.Dispose();
    }

    private static double Time(Action action)
    {
        long begin = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
    }

    private void MeasureHead(int budget, Action<int, int, string, double> done)
    {
        foreach (int sinks in (int[])[0, 64])
        {
            var settings = new HyperSettings { Block = budget, Samples = budget, Sinks = sinks, BandBlocks = 0 };
            foreach (KeyChoiceKind choice in Enum.GetValues<KeyChoiceKind>())
            {
                using var planes = new HyperPlanes(settings.Hyperplanes, Dimension, settings.Seed);
                using var layer = new HyperLayer(kernel, settings with { Choice = choice }, planes, causal: false, keys,
                    keys, Dimension, workers: 1);
                done(budget, sinks, choice.ToString().ToLowerInvariant(), Time(() =>
                {
                    layer.Begin(Input());
                    layer.Run();
                }));
                if (choice != KeyChoiceKind.Buckets || sinks > 0) continue;
                using var former = new KdeFormer(settings, keys, keys, Dimension);
                byte[] queryRanks = layer.QueryRanks.ToArray(), keyRanks = layer.KeyRanks.ToArray();
                done(budget, sinks, "KDEformer", Time(() => former.Attend(Queries, inputs.Keys.Pointer,
                    inputs.Values.Pointer, queryRanks, keyRanks, source.Scale, output.Pointer)));
            }
        }
    }

    private HyperInput Input() => new()
    {
        Queries = Queries,
        QueryStride = Dimension,
        Keys = inputs.Keys.Pointer,
        KeyStride = Dimension,
        Values = inputs.Values.Pointer,
        ValueStride = Dimension,
        ValueDimension = Dimension,
        Scale = source.Scale,
        Output = output.Pointer,
        OutputStride = Dimension,
        LogSumExp = sums.Pointer,
    };

    private void Exact()
    {
        using var scratch = new AlignedBuffer<byte>(ExactAttention.ScratchBytes);
        using var slots = new AlignedBuffer<int>(keys + 64);
        using var positions = new AlignedBuffer<int>(kernel.Exact.RowTile);
        for (int i = 0; i < keys; i++) slots.Pointer[i] = i;
        new Span<int>(positions.Pointer, kernel.Exact.RowTile).Fill(keys);
        for (int row = 0; row < keys; row += kernel.Exact.RowTile)
        {
            var task = new AttentionTask
            {
                Query = Queries + ((nint)row * Dimension),
                QueryRowStride = Dimension,
                Rows = Math.Min(kernel.Exact.RowTile, keys - row),
                GroupHeads = 1,
                Positions = positions.Pointer,
                Keys = (byte*)inputs.Keys.Pointer,
                Values = (byte*)inputs.Values.Pointer,
                KeyRowBytes = Dimension * sizeof(float),
                ValueRowBytes = Dimension * sizeof(float),
                KeyType = CacheType.F32,
                ValueType = CacheType.F32,
                SlotPositions = slots.Pointer,
                First = new SlotRange(0, keys),
                KeyDimension = Dimension,
                ValueDimension = Dimension,
                Scale = source.Scale,
                Output = exact.Pointer + ((nint)row * Dimension),
                OutputRowStride = Dimension,
                LogSumExp = exactSums.Pointer + row,
            };
            kernel.Exact.Attend(task, scratch.Pointer);
        }
    }
}
