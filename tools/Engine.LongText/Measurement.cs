using System.Diagnostics;
using Engine.Attention.Hyper;
using Engine.Cli;
using Engine.Transformer;

namespace Engine.LongText;

/// <summary>Evaluates the text with one setting after the other.</summary>
internal sealed class Measurement(Plan plan, CancellationToken cancellation) : IDisposable
{
    /// <summary>Tokens of a first prefill that does not count.</summary>
    private const int WarmUpTokens = 2048;

    private LanguageModel? loaded;
    private int[]? ids;
    private int warmThreads;

    /// <summary>Does the jobs in turn until the time of the plan is over.</summary>
    /// <param name="jobs">What is to do.</param>
    /// <param name="record">Receives what was measured.</param>
    /// <returns>False if something is left.</returns>
    public bool Run(IReadOnlyList<Job> jobs, Action<LongTextSample> record)
    {
        long begin = Stopwatch.GetTimestamp();
        double longest = 0;
        foreach (Job job in jobs)
        {
            double before = Stopwatch.GetElapsedTime(begin).TotalSeconds;
            // Jobs are alike enough for the longest so far to tell how long the next may last.
            if (longest > 0 && before + longest > plan.Seconds) return false;
            record(Measure(job));
            longest = Math.Max(longest, Stopwatch.GetElapsedTime(begin).TotalSeconds - before);
        }

        return true;
    }

    /// <summary>One job.</summary>
    public LongTextSample Measure(Job job)
    {
        LanguageModel model = Model(Math.Max(1, job.Threads == 0 ? plan.Threads.Max() : job.Threads));
        using Session session = model.CreateSession(new SessionOptions
        {
            ContextLength = plan.Tokens, Attention = job.Setting.Options,
        });
        HyperPolicy? policy = session.Hyper?.Policy;
        var sample = new LongTextSample
        {
            Kind = job.Threads == 0 ? LongTextSample.Quality : LongTextSample.Time,
            At = DateTimeOffset.UtcNow,
            Model = Path.GetFileName(plan.Model),
            Text = Path.GetFileName(plan.Text),
            Tokens = plan.Tokens,
            Series = job.Setting.Series,
            Setting = job.Setting.Name,
            Sees = job.Setting.Describe(),
            Seed = job.Setting.Options.Seed,
            KeysPerQuery = job.Setting.KeysPerQuery(plan.Tokens),
            Heads = policy?.Count ?? 0,
            AllHeads = model.Transformer.Config.Layers.Sum(layer => layer.Heads),
            Layers = model.Transformer.Config.Layers.Length,
            Threads = job.Threads,
        };
        return job.Threads == 0 ? Score(session, sample) : Time(session, sample);
    }

    public void Dispose() => loaded?.Dispose();

    /// <summary>The model with so many threads.</summary>
    public LanguageModel Model(int threads)
    {
        if (loaded?.Threads == threads) return loaded;
        loaded?.Dispose();
        loaded = LanguageModel.Load(InputFiles.Existing(plan.Model), new ModelOptions { Threads = threads });
        ids ??= Tokens(loaded, plan.Text, plan.Tokens);
        return loaded;
    }

    /// <summary>The first tokens of a text.</summary>
    /// <exception cref="InvalidOperationException">It has fewer.</exception>
    public static int[] Tokens(LanguageModel model, string path, int count)
    {
        int[] all = PromptEncoder.Encode(model.Tokenizer, InputFiles.ReadBytes(path), begins: true);
        return all.Length >= count ? all[..count]
            : throw new InvalidOperationException($"{path}: expected at least {count} tokens, found {all.Length}");
    }

    /// <summary>Compiles what runs, exact and approximate, and brings all weights into memory.</summary>
    private void WarmUp(LanguageModel model)
    {
        if (warmThreads == model.Threads) return;
        warmThreads = model.Threads;
        int count = Math.Min(WarmUpTokens, ids!.Length);
        using Session session = model.CreateSession(new SessionOptions
        {
            ContextLength = count, Attention = new AttentionOptions { Mode = AttentionMode.Hyper },
        });
        session.Prefill(ids.AsSpan(0, count), cancellation);
    }

    private LongTextSample Score(Session session, LongTextSample sample)
    {
        var score = new PerplexityScore(session.Model.VocabularySize);
        score.AddWindow(session, ids!, first: 0, chunk: 0, cancellation);
        return sample with { Scored = score.Count, Nll = score.Mean };
    }

    private LongTextSample Time(Session session, LongTextSample sample)
    {
        ForwardPass forward = session.Model.Transformer.Forward;
        WarmUp(session.Model);
        var attention = new Stopwatch();
        forward.AttentionTime = attention;
        try
        {
            long begin = Stopwatch.GetTimestamp();
            session.Prefill(ids, cancellation);
            double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
            return sample with { PrefillSeconds = seconds, AttentionSeconds = attention.Elapsed.TotalSeconds };
        }
        finally
        {
            forward.AttentionTime = null;
        }
    }
}
