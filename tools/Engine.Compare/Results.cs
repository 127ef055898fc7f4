namespace Engine.Compare;

/// <summary>The best of all rounds, each figure for itself, and what it is held against.</summary>
internal sealed class Results
{
    private readonly IReadOnlyList<Sample> runs;
    private readonly IReadOnlyList<Sample> limits;

    public Results(IEnumerable<Sample> samples)
    {
        List<Sample> all = [.. samples];
        runs = [.. all.Where(sample => sample.Kind == Sample.Run)];
        limits = [.. all.Where(sample => sample.Kind == Sample.Limits)];
        Facts = [.. all.Where(sample => sample.Kind == Sample.Machine).SelectMany(sample => sample.Facts ?? [])
            .Distinct()];
        Conditions = [.. runs.Select(run => run.Condition).Distinct()];
        Variants = [.. runs.Select(run => run.Program!).Where(program => program != Sample.Peer).Distinct()];
        Rounds = runs.Count == 0 ? 0 : runs.Max(run => run.Round) + 1;
    }

    public IReadOnlyList<string> Facts { get; }

    /// <summary>In the order of their first measurement.</summary>
    public IReadOnlyList<Condition> Conditions { get; }

    /// <summary>Labels of the variants of Engine.</summary>
    public IReadOnlyList<string> Variants { get; }

    public int Rounds { get; }

    public bool HasPeer => runs.Any(run => run.Program == Sample.Peer);

    /// <summary>Thread counts of the limits.</summary>
    public IEnumerable<int> LimitThreads => limits.Select(limit => limit.Threads).Distinct().Order();

    /// <summary>Switches of the runtime under which limits were measured.</summary>
    public IEnumerable<string> LimitSwitches => limits.Select(limit => limit.Switches ?? "").Distinct();

    /// <summary>Best of a program; null if it did not run.</summary>
    public Sample? Best(string program, Condition condition)
    {
        Sample[] all = [.. runs.Where(run => run.Program == program && run.Condition == condition)];
        return all.Length == 0 ? null : all[0] with
        {
            Prefill = all.Max(run => run.Prefill),
            Decode = all.Max(run => run.Decode),
            BatchDecode = all.Max(run => run.BatchDecode),
            Read = all.Max(run => run.Read),
        };
    }

    /// <summary>Limits of a number of threads under some switches; null if they were not measured.</summary>
    /// <remarks>n threads cannot do more than n times one: a larger figure is an error of its clock, and goes down to
    /// that.</remarks>
    public Sample? Limit(int threads, string? switches)
    {
        Sample? own = Largest(threads, switches ?? "");
        if (own is null || threads == 1 || Largest(1, switches ?? "") is not { } one) return own;
        return own with
        {
            Read = Math.Min(own.Read, threads * one.Read),
            Int8 = Math.Min(own.Int8, threads * one.Int8),
            Int4 = Math.Min(own.Int4, threads * one.Int4),
            F32 = Math.Min(own.F32, threads * one.F32),
        };
    }

    /// <summary>Multiply-adds a second that the machine could do for weights of the run's type; 0 if unknown.</summary>
    public double Peak(Sample run) => Limit(run.Threads, run.Switches) is not { } limit ? 0 : run.WeightType switch
    {
        "F32" or "F16" or "BF16" => limit.F32,
        "Q8_0" => limit.Int8,
        // vpdpbusd has no use for fewer bits; without it, 4-bit products add up in 16 bits for longer.
        _ => limit.Vnni ? limit.Int8 : limit.Int4,
    } * 1e9;

    /// <summary>Bytes a second that the machine reads; 0 if unknown.</summary>
    public double Bandwidth(int threads) =>
        LimitSwitches.Select(switches => Limit(threads, switches)?.Read ?? 0).DefaultIfEmpty().Max() * 1e9;

    /// <summary>Bytes a second that Engine's own measurement reads between its repetitions.</summary>
    public double OwnBandwidth(int threads) =>
        runs.Where(run => run.Threads == threads).Select(run => run.Read).DefaultIfEmpty().Max() * 1e9;

    /// <summary>Part of the bandwidth that decoding uses; 0 if unknown.</summary>
    public double BandwidthFraction(Sample run) => Over(run.Decode * run.BytesPerToken, Bandwidth(run.Threads));

    /// <summary>Part of what the same process read between its repetitions that its decode uses, the median of all
    /// rounds; 0 if unknown.</summary>
    /// <remarks>Where memory is shared with neighbours it changes by half within a minute: then the best decode of some
    /// minutes against the best reading of others says little.</remarks>
    public double OwnBandwidthFraction(Sample run)
    {
        double[] fractions = [.. runs.Where(one => one.Program == run.Program && one.Condition == run.Condition)
            .Select(one => Over(one.Decode * one.BytesPerToken, one.Read * 1e9)).Where(part => part > 0).Order()];
        int half = fractions.Length / 2;
        return fractions.Length == 0 ? 0
            : fractions.Length % 2 == 1 ? fractions[half] : (fractions[half - 1] + fractions[half]) / 2;
    }

    /// <summary>Multiply-adds a second of a prefill: every token goes through the layers, the last through the head.
    /// </summary>
    public static double PrefillRate(Sample run) => run.PrefillTokens == 0 ? 0
        : run.Prefill * (run.LayerMultiplyAdds + (double)run.HeadMultiplyAdds / run.PrefillTokens);

    /// <summary>Part of the peak that prefill uses; 0 if unknown.</summary>
    public double PeakFraction(Sample run) => Over(PrefillRate(run), Peak(run));

    /// <summary>A ratio, or 0 where there is nothing to divide by.</summary>
    public static double Over(double value, double by) => by > 0 ? value / by : 0;

    private Sample? Largest(int threads, string switches)
    {
        Sample[] all = [.. limits.Where(limit => limit.Threads == threads && (limit.Switches ?? "") == switches)];
        return all.Length == 0 ? null : all[0] with
        {
            Read = all.Max(limit => limit.Read),
            Int8 = all.Max(limit => limit.Int8),
            Int4 = all.Max(limit => limit.Int4),
            F32 = all.Max(limit => limit.F32),
        };
    }
}
