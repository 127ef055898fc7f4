namespace Engine.LongText;

/// <summary>What is measured.</summary>
internal sealed record Plan
{
    /// <summary>The model's file.</summary>
    public required string Model { get; init; }

    /// <summary>The text's file.</summary>
    public required string Text { get; init; }

    /// <summary>Tokens from its beginning.</summary>
    public required int Tokens { get; init; }

    public required IReadOnlyList<int> Threads { get; init; }

    /// <summary>Times that each time is measured; the best counts.</summary>
    public int Rounds { get; init; } = 1;

    /// <summary>Seeds that predictions are scored with where hyperplanes and samples are drawn: 1, 2 and so on.
    /// </summary>
    public int Seeds { get; init; } = 1;

    /// <summary>Whether predictions are scored.</summary>
    public bool Quality { get; init; } = true;

    /// <summary>Whether a prefill is timed.</summary>
    public bool Time { get; init; } = true;

    /// <summary>No measurement begins that is likely to end after so many seconds.</summary>
    public double Seconds { get; init; } = double.PositiveInfinity;

    /// <summary>What is to do; what the samples have already is not.</summary>
    public IReadOnlyList<Job> Jobs(IReadOnlyList<Setting> settings, IReadOnlyList<LongTextSample> samples) =>
        [.. Qualities(settings, samples), .. Times(settings, samples)];

    private IEnumerable<Job> Qualities(IReadOnlyList<Setting> settings, IReadOnlyList<LongTextSample> samples)
    {
        if (!Quality) yield break;
        // Perplexity does not depend on threads.
        for (ulong seed = 1; seed <= (ulong)Seeds; seed++)
        {
            foreach (Setting setting in settings)
            {
                if (seed > 1 && !setting.Draws) continue;
                if (Same(samples, LongTextSample.Quality, setting, 0).Any(sample => sample.Seed == seed)) continue;
                yield return new Job(setting with { Options = setting.Options with { Seed = seed } }, 0);
            }
        }
    }

    private IEnumerable<Job> Times(IReadOnlyList<Setting> settings, IReadOnlyList<LongTextSample> samples)
    {
        if (!Time) yield break;
        for (int round = 0; round < Rounds; round++)
            foreach (int threads in Threads)
                foreach (Setting setting in settings)
                    if (Same(samples, LongTextSample.Time, setting, threads).Count() <= round)
                        yield return new Job(setting, threads);
    }

    private IEnumerable<LongTextSample> Same(IReadOnlyList<LongTextSample> samples, string kind, Setting setting,
        int threads) => samples.Where(sample => sample.Kind == kind && sample.Series == setting.Series
            && sample.Setting == setting.Name && sample.Threads == threads && sample.Tokens == Tokens
            && sample.Model == Path.GetFileName(Model) && sample.Text == Path.GetFileName(Text));
}

/// <summary>A measurement: of a prefill's time, or with 0 threads of perplexity.</summary>
internal readonly record struct Job(Setting Setting, int Threads);
