using Engine.Cache;
using Engine.Transformer;

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

    /// <summary>Time that loading took, packing included.</summary>
    public double LoadSeconds { get; init; }

    /// <summary>Most memory that the process had resident, the mapped file included; 0 = the system does not tell.
    /// </summary>
    public long PeakResidentBytes { get; init; }

    /// <summary>Part of the read rate that the decode uses.</summary>
    public double BandwidthFraction => BytesPerToken * Best.DecodeRate / Best.ReadRate;

    public long CacheBytesPerToken => Model.CacheBytesPerToken(CacheType);

    /// <summary>Bytes that the decode of one token reads: every weight once and the cache of <see cref="Depth"/>
    /// tokens. Decode speed times this is the memory bandwidth in use.</summary>
    public long BytesPerToken => Model.WeightBytesPerToken + CacheBytesPerToken * Depth;

    /// <summary>Multiply-adds of one token in the matrices of all layers.</summary>
    public long LayerMultiplyAdds => Model.Transformer.Weights.Layers.Sum(layer => layer.Linears.Sum(MultiplyAdds));

    /// <summary>Multiply-adds of one position's logits.</summary>
    public long HeadMultiplyAdds => MultiplyAdds(Model.Transformer.Weights.Output);

    /// <summary>Type of most weights in the layers.</summary>
    public string WeightType => Model.Transformer.Weights.Layers.SelectMany(layer => layer.Linears)
        .GroupBy(linear => linear.Weights.Type, MultiplyAdds).MaxBy(group => group.Sum())!.Key.ToString();

    private static long MultiplyAdds(Linear linear) => (long)linear.Weights.Rows * linear.Weights.Columns;
}
