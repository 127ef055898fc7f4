namespace Engine.LongText;

/// <summary>Best time of a prefill; 0 = not measured.</summary>
internal readonly record struct Timing(double Attention, double Prefill);

/// <summary>What was found of a setting.</summary>
/// <param name="Sample">Its first sample, which tells what it is.</param>
/// <param name="Nlls">Nats per token, by seed.</param>
/// <param name="Timings">Best times by number of threads.</param>
internal sealed record ResultRow(LongTextSample Sample, IReadOnlyList<double> Nlls,
    IReadOnlyDictionary<int, Timing> Timings)
{
    public string Series => Sample.Series!;

    /// <summary>Series and setting.</summary>
    public string Name => string.IsNullOrEmpty(Sample.Setting) ? Series : $"{Series}, {Sample.Setting}";

    /// <summary>Approximated heads in layers' worth of them: ℓ, if they are those of the last ℓ layers.</summary>
    public double Layers => Sample.AllHeads == 0 ? 0 : (double)Sample.Heads * Sample.Layers / Sample.AllHeads;

    /// <summary>Mean over the seeds; not a number if it was not measured.</summary>
    public double Nll => Nlls.DefaultIfEmpty(double.NaN).Average();

    public int Seeds => Nlls.Count;

    public double Perplexity => Math.Exp(Nll);

    public Timing this[int threads] => Timings.GetValueOrDefault(threads);
}

/// <summary>Samples, put together by setting.</summary>
internal sealed class LongTextResults
{
    /// <summary>Puts samples together; of times the best counts.</summary>
    /// <exception cref="FormatException">They are of different texts, models or lengths.</exception>
    public LongTextResults(IReadOnlyList<LongTextSample> samples)
    {
        LongTextSample[] measured = [.. samples.Where(sample => sample.Kind != LongTextSample.Machine)];
        if (measured.Length == 0) throw new FormatException("there are no samples");
        First = measured[0];
        foreach (LongTextSample sample in measured)
        {
            if ((sample.Model, sample.Text, sample.Tokens) == (First.Model, First.Text, First.Tokens)) continue;
            throw new FormatException($"samples of {First.Tokens} tokens of {First.Text} with {First.Model}, and of "
                + $"{sample.Tokens} tokens of {sample.Text} with {sample.Model}: only one can be reported");
        }

        Machines = [.. samples.Where(sample => sample.Kind == LongTextSample.Machine)];
        Threads = [.. Timed(measured).Select(sample => sample.Threads).Distinct().Order()];
        Rows =
        [
            .. measured.GroupBy(sample => (sample.Series, sample.Setting)).Select(Row)
                .OrderBy(row => Array.IndexOf(Setting.Names, row.Series)).ThenBy(row => row.Layers),
        ];
        Rounds = Timed(measured).GroupBy(sample => (sample.Series, sample.Setting, sample.Threads))
            .Select(group => group.Count()).DefaultIfEmpty().Max();
    }

    /// <summary>Any sample: model, text and number of tokens are those of all.</summary>
    public LongTextSample First { get; }

    /// <summary>Where it was measured, and how.</summary>
    public IReadOnlyList<LongTextSample> Machines { get; }

    /// <summary>Thread counts of the times.</summary>
    public IReadOnlyList<int> Threads { get; }

    /// <summary>Times of each setting, at most.</summary>
    public int Rounds { get; }

    /// <summary>By series, then by what is approximated.</summary>
    public IReadOnlyList<ResultRow> Rows { get; }

    /// <summary>What all is held against; null if it was not measured.</summary>
    public ResultRow? Exact => Rows.FirstOrDefault(row => row.Series == Setting.Exact);

    /// <summary>Change of perplexity against exact, as a part of it; not a number if unknown.</summary>
    public double Change(ResultRow row) => Exact is null ? double.NaN : Math.Exp(row.Nll - Exact.Nll) - 1;

    /// <summary>Between the best and the worst change of the seeds.</summary>
    public double Spread(ResultRow row) => Exact is null || row.Seeds == 0 ? double.NaN
        : Math.Exp(row.Nlls.Max() - Exact.Nll) - Math.Exp(row.Nlls.Min() - Exact.Nll);

    /// <summary>How many times as fast as exact attention is; not a number if unknown.</summary>
    public double Speedup(ResultRow row, int threads, Func<Timing, double> of)
    {
        double exact = Exact is null ? 0 : of(Exact[threads]), own = of(row[threads]);
        return exact > 0 && own > 0 ? exact / own : double.NaN;
    }

    private static IEnumerable<LongTextSample> Timed(IEnumerable<LongTextSample> samples) =>
        samples.Where(sample => sample.Kind == LongTextSample.Time);

    private static ResultRow Row(IEnumerable<LongTextSample> samples)
    {
        LongTextSample[] all = [.. samples];
        double[] nlls = [.. all.Where(sample => sample.Kind == LongTextSample.Quality).DistinctBy(sample => sample.Seed)
            .Select(sample => sample.Nll)];
        return new ResultRow(all[0], nlls, Timed(all).GroupBy(sample => sample.Threads).ToDictionary(
            group => group.Key,
            group => new Timing(group.Min(one => one.AttentionSeconds), group.Min(one => one.PrefillSeconds))));
    }
}
