using Engine.Cache;

namespace Engine.Cli;

/// <summary>What a benchmark found.</summary>
internal sealed record BenchmarkReport(LanguageModel Model, CacheType CacheType, int Prefill, int Decode, int Depth,
    IReadOnlyList<BenchmarkRun> Runs)
{
    /// <summary>The best of all repetitions, each figure for itself.</summary>
    public BenchmarkRun Best => new(Runs.Max(run => run.PrefillRate), Runs.Max(run => run.DecodeRate),
        Runs.Min(run => run.AllocatedBytesPerToken))
    {
        BatchDecodeRate = Runs.Max(run => run.BatchDecodeRate),
        BusyDecodeRate = Runs.Max(run => run.BusyDecodeRate),
        SingleThreadDecodeRate = Runs.Max(run => run.SingleThreadDecodeRate),
        ReadRate = Runs.Max(run => run.ReadRate),
    };

    /// <summary>Sequences of a batch; 0 = not measured.</summary>
    public int Batch { get; init; }

    /// <summary>Busy threads beside the decode; 0 = not measured.</summary>
    public int Busy { get; init; }

    /// <summary>Part of the read rate that the decode uses.</summary>
    public double BandwidthFraction => BytesPerToken * Best.DecodeRate / Best.ReadRate;

    public long CacheBytesPerToken => Model.CacheBytesPerToken(CacheType);

    /// <summary>Bytes that the decode of one token reads: every weight once and the cache of <see cref="Depth"/>
    /// tokens. Decode speed times this is the memory bandwidth in use.</summary>
    public long BytesPerToken => Model.WeightBytesPerToken + CacheBytesPerToken * Depth;
}
