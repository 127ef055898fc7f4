using System.Diagnostics;
using Engine.Attention.Hyper;
using Engine.Isa;
using Engine.Threading;
using Engine.Transformer;

namespace Engine.Cli;

/// <summary>Exact attention against HyperAttention over one layer, the same inputs and the same threads, each head on
/// its own; the best repetition counts.</summary>
internal sealed unsafe class LayerBenchmark : IDisposable
{
    /// <summary>Rows between two reports of the exact side.</summary>
    private const int Stride = 2048;

    /// <summary>Rounds of about the best time that end the warm-up.</summary>
    private const int SteadyRounds = 3;

    private static readonly TimeSpan WarmUpTime = TimeSpan.FromSeconds(2), LongestWarmUp = TimeSpan.FromSeconds(8);

    private readonly HyperAttention kernel;
    private readonly WorkerTeam team;
    private readonly AttentionLayerRun run;
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
    }

    /// <summary>Measures a case, a row for each of its settings; before the first one, both kinds of attention run
    /// until the runtime has compiled them for good.</summary>
    public IReadOnlyList<LayerRow> Measure(LayerCase what)
    {
        if (!isWarm) WarmUp(what);
        isWarm = true;
        return MeasureNow(what);
    }

    private void WarmUp(LayerCase what)
    {
        using LayerSource source = LayerSource.Open(SyntheticLayer.Kinds[0]);
        LayerCase small = what with
        {
            Source = source,
            Length = Math.Min(what.Length, Math.Max(2048, 4 * what.Settings[0].Leaf)),
            Settings = [what.Settings[0]],
            Heads = 1,
            Repetitions = 1,
            ExactEvery = 1,
        };
        HyperSettings other = what.Settings[0] with { BandBlocks = 0 };
        long begin = Stopwatch.GetTimestamp();
        TimeSpan best = TimeSpan.MaxValue;
        for (int steady = 0; steady < SteadyRounds || Stopwatch.GetElapsedTime(begin) < WarmUpTime;)
        {
            if (Stopwatch.GetElapsedTime(begin) > LongestWarmUp) return;
            long round = Stopwatch.GetTimestamp();
            MeasureNow(small);
            MeasureNow(small with { Causal = !small.Causal, Settings = [other] });
            TimeSpan time = Stopwatch.GetElapsedTime(round);
            best = time < best ? time : best;
            steady = time < 1.15 * best ? steady + 1 : 0;
            // The runtime recompiles when nothing new has been called for 100 ms, on another thread, which takes our
            // processor's time if there is no other.
            Thread.Sleep(150);
        }
    }

    private LayerRow[] MeasureNow(LayerCase what)
    {
        int n = what.Length, heads = Math.Min(what.Heads, what.Source.Heads);
        using var inputs = new LayerInputs(n);
        using var exact = new ExactLayer(what, inputs, team.Workers);
        var settings = new HyperRun[what.Settings.Count];
        var errors = new LayerErrorSum[settings.Length];
        double exactTime = 0;
        try
        {
            for (int i = 0; i < settings.Length; i++)
            {
                settings[i] = new HyperRun(kernel, what, what.Settings[i], inputs, team.Workers);
                errors[i] = new LayerErrorSum();
            }

            for (int head = 0; head < heads; head++)
            {
                what.Source.Fill(inputs, head);
                exactTime += Best(what.Repetitions, () => Exact(exact, head));
                for (int i = 0; i < settings.Length; i++)
                {
                    HyperRun one = settings[i];
                    // The first run touches memory that the system has yet to give, which no later head does.
                    if (head == 0) Hyper(one, head);
                    one.Milliseconds += Best(what.Repetitions, () => Hyper(one, head), () => one.Times = run.Times);
                    errors[i].Add(exact.Output, exact.LogSumExp, exact.Rows,
                        one.Output + ((nint)exact.FirstQuery * LayerInputs.Dimension), one.LogSumExp + exact.FirstQuery,
                        what.ExactEvery, LayerInputs.Dimension);
                }
            }

            return [.. settings.Select((one, i) => new LayerRow(what.Source.Name, n, what.Causal, one.Settings,
                errors[i])
            {
                ExactMilliseconds = what.ExactEvery == 1 ? exactTime : double.NaN,
                HyperMilliseconds = one.Milliseconds,
                PeakBytes = inputs.Bytes + exact.Bytes + one.Bytes,
                Times = one.Times,
            })];
        }
        finally
        {
            foreach (HyperRun? one in settings) one?.Dispose();
        }
    }

    public void Dispose() => team.Dispose();

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

    private void Hyper(HyperRun one, int head)
    {
        run.Times = default;
        one.Begin(head);
        run.RunHyper(one.Layer, cancellation.ThrowIfCancellationRequested);
    }

    private void Exact(ExactLayer exact, int head)
    {
        for (int first = 0; first < exact.Rows; first += Stride)
        {
            cancellation.ThrowIfCancellationRequested();
            int end = Math.Min(exact.Rows, first + Stride);
            run.RunExact(kernel.Exact, exact.Task(end), first, end, exact.Scratch);
            report($"exact attention of head {head + 1}, {exact.Length} positions", end, exact.Rows);
        }
    }
}
