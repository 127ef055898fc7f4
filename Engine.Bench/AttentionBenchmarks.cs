using BenchmarkDotNet.Attributes;
using Engine.Attention;
using Engine.Cache;
using Engine.Isa;

namespace Engine.Bench;

/// <summary>One KV head of exact attention over 4,096 slots: a prefill task and a decode task.</summary>
[ShortRunJob]
public class AttentionBenchmarks
{
    private const int Slots = 4096;
    private ExactAttention attention = null!;
    private AttentionCase prefill = null!, decode = null!;

    public static IEnumerable<InstructionSet> Sets => BenchmarkSets.Floats;

    [ParamsSource(nameof(Sets))]
    public InstructionSet Isa { get; set; }

    [Params(CacheType.F32, CacheType.F16, CacheType.Q8_0)]
    public CacheType Cache { get; set; }

    [Params(64, 128)]
    public int Dimension { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        attention = ExactAttention.For(Isa);
        BenchmarkSets.AssertVectors(Isa, attention);
        var shape = new AttentionShape(64, 4, Dimension, Dimension, Slots) { KeyType = Cache, ValueType = Cache };
        prefill = new AttentionCase(shape, 1);
        decode = new AttentionCase(shape with { Rows = 1 }, 1);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        prefill.Dispose();
        decode.Dispose();
    }

    /// <summary>64 rows of 4 heads: 2 · 64 · 4 · 4,096 · d multiply-adds.</summary>
    [Benchmark]
    public void Prefill() => prefill.Run(attention, 64);

    /// <summary>One row of 4 heads: bound by the bytes of 4,096 keys and values.</summary>
    [Benchmark]
    public void Decode() => decode.Run(attention, 1);
}
