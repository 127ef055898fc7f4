namespace Engine.Cli;

/// <summary>The measurements beside prefill and decode that were asked for, and what they need.</summary>
internal sealed class BenchmarkExtras : IDisposable
{
    private readonly LanguageModel model;
    private readonly Benchmark own;
    private readonly List<IDisposable> owned = [];
    private readonly SessionBatch? batch;
    private readonly ReadBandwidth? bandwidth;
    private readonly int busy;

    /// <param name="own">Benchmark of the model's own session.</param>
    /// <param name="batch">Sequences in a batch; 0 = none.</param>
    /// <param name="busy">Busy threads; 0 = none.</param>
    /// <param name="bandwidth">Whether to measure memory.</param>
    /// <param name="open">Opens a further session of the model.</param>
    public BenchmarkExtras(LanguageModel model, Benchmark own, int batch, int busy, bool bandwidth,
        Func<Session> open)
    {
        this.model = model;
        this.own = own;
        this.busy = busy;
        if (bandwidth) owned.Add(this.bandwidth = new ReadBandwidth(model.WeightBytesPerToken, model.Threads));
        if (batch > 0) this.batch = new SessionBatch(model, batch);
        for (int i = 0; i < batch; i++)
        {
            Session session = open();
            owned.Add(session);
            this.batch!.Add(session);
        }
    }

    /// <summary>Adds to a repetition what else is to be measured, one after the other.</summary>
    public BenchmarkRun Measure(BenchmarkRun run, int decode)
    {
        if (bandwidth is not null) run = run with { ReadRate = bandwidth.Measure() };
        if (batch is not null) run = run with { BatchDecodeRate = own.MeasureBatch(batch, decode) };
        if (busy == 0) return run;
        model.Transformer.Forward.CallerAlone = true;
        run = run with { SingleThreadDecodeRate = own.MeasureDecode(decode) };
        model.Transformer.Forward.CallerAlone = false;
        using var neighbours = new BusyThreads(busy);
        return run with { BusyDecodeRate = own.MeasureDecode(decode) };
    }

    public void Dispose()
    {
        for (int i = owned.Count - 1; i >= 0; i--) owned[i].Dispose();
    }
}
