using System.Diagnostics;
using Engine.Attention;
using Engine.Attention.Hyper;
using Engine.Cache;
using Engine.Isa;
using Engine.Memory;
using Engine.Threading;
using Engine.Transformer;

namespace Engine.Cli;

/// <summary>One length of the measurement of a single layer; times of all heads together.</summary>
internal sealed record LayerRow(int Length, bool Causal, int Leaf, double ExactMilliseconds, double HyperMilliseconds,
    double RelativeError, double LogSumExpError, long PeakBytes, LayerTimes Times)
{
    public double Speedup => ExactMilliseconds / HyperMilliseconds;
}

/// <summary>What is measured.</summary>
internal sealed record LayerCase(int Length, bool Causal, HyperSettings Settings, int Heads, string Inputs,
    int Repetitions);

/// <summary>Exact attention against HyperAttention over one layer, the same inputs and the same threads, each head on
/// its own; the best repetition counts.</summary>
internal sealed unsafe class LayerBenchmark : IDisposable
{
    /// <summary>Rows between two reports of the exact side.</summary>
    private const int Stride = 2048;

    private static readonly TimeSpan WarmUpTime = TimeSpan.FromSeconds(2);

    private readonly HyperAttention kernel;
    private readonly WorkerTeam team;
    private readonly AttentionLayerRun run;
    private readonly AlignedBuffer<byte>[] scratch;
    private readonly Action<string, long, long> report;
    private readonly CancellationToken cancellation;
    private bool isWarm;

    public LayerBenchmark(InstructionSet isa, int threads, Action<string, long, long> report,
        CancellationToken cancellation)
    {
        this.report = report;
        this.cancellation = cancellation;
        kernel = HyperAttention.For(isa);
        team = new WorkerTeam(threads);
        run = new AttentionLayerRun(team);
        scratch = new AlignedBuffer<byte>[threads];
        for (int i = 0; i < threads; i++) scratch[i] = new AlignedBuffer<byte>(ExactAttention.ScratchBytes);
    }

    /// <summary>Measures a case; before the first one, both kinds of attention run until the runtime has compiled them
    /// for good.</summary>
    public LayerRow Measure(LayerCase what)
    {
        if (!isWarm) WarmUp(what);
        isWarm = true;
        return MeasureNow(what);
    }

    private void WarmUp(LayerCase what)
    {
        LayerCase small = what with { Length = Math.Max(2048, 4 * what.Settings.Leaf), Heads = 1, Repetitions = 1 };
        if (small.Length >= what.Length) small = small with { Length = what.Length };
        long begin = Stopwatch.GetTimestamp();
        do
        {
            MeasureNow(small);
            MeasureNow(small with { Causal = !small.Causal, Settings = small.Settings with { BandBlocks = 0 } });
            // Recompiled code comes in from another thread.
            Thread.Sleep(50);
        }
        while (Stopwatch.GetElapsedTime(begin) < WarmUpTime);
    }

    private LayerRow MeasureNow(LayerCase what)
    {
        int n = what.Length;
        using var inputs = new LayerInputs(n);
        using var planes = new HyperPlanes(what.Settings.Hyperplanes, LayerInputs.Dimension, what.Settings.Seed);
        using var layer = new HyperLayer(kernel, what.Settings, planes, what.Causal, n, n, LayerInputs.Dimension,
            team.Workers);
        using AlignedBuffer<float> exact = new((nint)n * LayerInputs.Dimension), hyper = new(exact.Count);
        using AlignedBuffer<float> exactSums = new(n), hyperSums = new(n);
        LayerTimes times = default;
        double exactTime = 0, hyperTime = 0, difference = 0, norm = 0, sumDifference = 0;
        for (int head = 0; head < what.Heads; head++)
        {
            inputs.Fill(what.Inputs, head);
            HyperInput input = Input(inputs, head, hyper.Pointer, hyperSums.Pointer);
            // The first run touches memory that the system has yet to give, which no later head does.
            if (head == 0) Hyper(layer, input);
            hyperTime += Best(what.Repetitions, () => Hyper(layer, input), () => times = run.Times);
            exactTime += Best(what.Repetitions, () => Exact(what, inputs, exact.Pointer, exactSums.Pointer, head));
            for (nint i = 0; i < exact.Count; i++)
            {
                double apart = hyper.Pointer[i] - (double)exact.Pointer[i];
                difference += apart * apart;
                norm += (double)exact.Pointer[i] * exact.Pointer[i];
            }

            for (int i = 0; i < n; i++) sumDifference += Math.Abs(hyperSums.Pointer[i] - (double)exactSums.Pointer[i]);
        }

        long peak = inputs.Bytes + layer.Bytes + ((exact.Count + (2L * n)) * 2 * sizeof(float));
        return new LayerRow(n, what.Causal, what.Settings.Leaf, exactTime, hyperTime, Math.Sqrt(difference / norm),
            sumDifference / ((double)n * what.Heads), peak, times);
    }

    public void Dispose()
    {
        team.Dispose();
        foreach (AlignedBuffer<byte> one in scratch) one.Dispose();
    }

    private static double Best(int repetitions, Action action, Action? better = null)
    {
        double best = double.PositiveInfinity;
        for (int i = 0; i < repetitions; i++)
        {
            long begin = Stopwatch.GetTimestamp();
            action();
            double time = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
            if (time >= best) continue;
            best = time;
            better?.Invoke();
        }

        return best;
    }

    private static HyperInput Input(LayerInputs inputs, int head, float* output, float* logSumExp) => new()
    {
        Queries = inputs.Queries.Pointer,
        QueryStride = LayerInputs.Dimension,
        Keys = inputs.Keys.Pointer,
        KeyStride = LayerInputs.Dimension,
        Values = inputs.Values.Pointer,
        ValueStride = LayerInputs.Dimension,
        ValueDimension = LayerInputs.Dimension,
        Scale = 1 / MathF.Sqrt(LayerInputs.Dimension),
        Head = head,
        Output = output,
        OutputStride = LayerInputs.Dimension,
        LogSumExp = logSumExp,
    };

    private void Hyper(HyperLayer layer, in HyperInput input)
    {
        run.Times = default;
        layer.Begin(input);
        run.RunHyper(layer, cancellation.ThrowIfCancellationRequested);
    }

    private void Exact(LayerCase what, LayerInputs inputs, float* output, float* logSumExp, int head)
    {
        int n = what.Length;
        using var positions = new AlignedBuffer<int>(n + 64);
        using var last = new AlignedBuffer<int>(n);
        for (int i = 0; i < n; i++) positions.Pointer[i] = i;
        new Span<int>(last.Pointer, n).Fill(n);
        var task = new AttentionTask
        {
            Query = inputs.Queries.Pointer,
            QueryRowStride = LayerInputs.Dimension,
            GroupHeads = 1,
            Positions = what.Causal ? positions.Pointer : last.Pointer,
            Keys = (byte*)inputs.Keys.Pointer,
            Values = (byte*)inputs.Values.Pointer,
            KeyRowBytes = LayerInputs.Dimension * sizeof(float),
            ValueRowBytes = LayerInputs.Dimension * sizeof(float),
            KeyType = CacheType.F32,
            ValueType = CacheType.F32,
            SlotPositions = positions.Pointer,
            First = new SlotRange(0, n),
            KeyDimension = LayerInputs.Dimension,
            ValueDimension = LayerInputs.Dimension,
            Scale = 1 / MathF.Sqrt(LayerInputs.Dimension),
            Output = output,
            OutputRowStride = LayerInputs.Dimension,
            LogSumExp = logSumExp,
        };
        for (int first = 0; first < n; first += Stride)
        {
            cancellation.ThrowIfCancellationRequested();
            int end = Math.Min(n, first + Stride);
            if (what.Causal) task.First = new SlotRange(0, end);
            run.RunExact(kernel.Exact, task, first, end, scratch);
            report($"exact attention of head {head + 1}, {n} positions", end, n);
        }
    }
}
