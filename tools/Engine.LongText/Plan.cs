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

    /// <summary>Whether predictions are scored.</summary>
    public bool Quality { get; init; } = true;

    /// <summary>Whether a prefill is timed.</summary>
    public bool Time { get; init; } = true;

    /// <summary>No measurement begins that is likely to end after so many seconds.</summary>
    public double Seconds { get; init; } = double.PositiveInfinity;

    /// <summary>What is to do, those of one number of threads together; what the samples have already is not.
    /// </summary>
    public IEnumerable<Job> Jobs(IReadOnlyList<Setting> settings, IReadOnlyList<LongTextSample> samples)
    {
        // Perplexity does not depend on threads.
        if (Quality)
            foreach (Setting setting in settings)
                if (Count(samples, LongTextSample.Quality, setting, 0) == 0) yield return new Job(setting, 0);
        if (!Time) yield break;
        for (int round = 0; round < Rounds; round++)
            foreach (int threads in Threads)
                foreach (Setting setting in settings)
                    if (Count(samples, LongTextSample.Time, setting, threads) <= round)
                        yield return new Job(setting, threads);
    }

    private int Count(IReadOnlyList<LongTextSample> samples, string kind, Setting setting, int threads) =>
        samples.Count(sample => sample.Kind == kind && sample.Series == setting.Series
            && sample.Setting == setting.Name && sample.Threads == threads && sample.Tokens == Tokens
            && sample.Model == Path.GetFileName(Model) && sample.Text == Path.GetFileName(Text));
}

/// <summary>A measurement: of a prefill's time, or with 0 threads of perplexity.</summary>
internal readonly record struct Job(Setting Setting, int Threads);
