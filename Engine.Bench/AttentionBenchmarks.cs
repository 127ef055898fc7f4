using BenchmarkDotNet.Attributes;
using Engine.Attention;
using Engine.Cache;
using Engine.Isa;

namespace Engine.Bench;

/// <summary>One KV head of exact attention over 4,096 slots; a class for each type of cache derives.</summary>
public abstract class AttentionBenchmark(CacheType cache) : IMeasuredWork
{
    private const int Slots = 4096, Heads = 4, PromptRows = 64;
    private ExactAttention attention = null!;
    private AttentionCase prefill = null!, decode = null!;

    [Params(64, 128)]
    public int Dimension { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        InstructionSet isa = Claim.Check();
        attention = ExactAttention.For(isa);
        Claim.CheckVectors(isa, attention);
        var shape = new AttentionShape(PromptRows, Heads, Dimension, Dimension, Slots)
        {
            KeyType = cache,
            ValueType = cache,
        };
        prefill = new AttentionCase(shape, 1);
        decode = new AttentionCase(shape with { Rows = 1 }, 1);
        Claim.CheckAllocation(Prefill);
        Claim.CheckAllocation(Decode);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        prefill.Dispose();
        decode.Dispose();
    }

    /// <summary>64 rows of 4 heads: bound by multiplying.</summary>
    [Benchmark]
    public void Prefill() => prefill.Run(attention, PromptRows);

    /// <summary>One row of 4 heads: bound by the bytes of 4,096 keys and values.</summary>
    [Benchmark]
    public void Decode() => decode.Run(attention, 1);

    Work IMeasuredWork.WorkOf(string method)
    {
        int rows = method == nameof(Prefill) ? PromptRows : 1;
        // Keys and values; the rows of a prompt see all slots but some of the last few.
        return new Work(2.0 * Slots * CacheRows.RowBytes(cache, Dimension), 2.0 * rows * Heads * Slots * Dimension);
    }
}

public class AttentionF32() : AttentionBenchmark(CacheType.F32);

public class AttentionF16() : AttentionBenchmark(CacheType.F16);

public class AttentionQ8_0() : AttentionBenchmark(CacheType.Q8_0);
