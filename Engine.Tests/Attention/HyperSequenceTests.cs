using Engine.Attention;
using Engine.Attention.Hyper;
using Engine.Cache;
using Engine.Isa;
using Engine.Memory;
using Engine.Tests.Kernels;

namespace Engine.Tests.Attention;

/// <summary>HyperAttention of a sequence that comes in pieces.</summary>
[TestClass]
public sealed unsafe class HyperSequenceTests
{
    private const int Count = 700, Dimension = HyperCase.Dimension;

    private static readonly HyperSettings Settings = new() { Block = 32, Samples = 32, Leaf = 64, Sinks = 8 };

    public static IEnumerable<object[]> Sets => FloatSets.Names;

    /// <remarks>A layer with the same ranks divides its work by nodes, a sequence by query blocks.</remarks>
    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void GivesWhatALayerGives(string set)
    {
        HyperAttention kernel = FloatSets.Hyper(set);
        using var test = new HyperCase(Count, 7);
        float[] pieces = Run(test, kernel, [Count], approximate: true);
        (byte[] ofQueries, byte[] ofKeys) = FrozenRanks(test, kernel);
        test.Run(kernel, Settings with { OwnBucket = true }, causal: true,
            prepare: layer => layer.GiveRanks(ofQueries, ofKeys));
        for (int i = 0; i < pieces.Length; i++) Assert.AreEqual(test.Output[i], pieces[i], 1e-5, $"element {i}");
    }

    /// <remarks>Exact attention sums a few rows in another order than many, which is all that may differ; another
    /// bucket or sample would show a thousand times as much.</remarks>
    [TestMethod]
    public void HowItIsCutDoesNotMatter()
    {
        var kernel = HyperAttention.For(InstructionSets.Best);
        using var test = new HyperCase(Count, 8);
        float[] whole = Run(test, kernel, [Count], approximate: true);
        foreach (int[] cuts in (int[][])[[64], [1], [7], [100, 13, 250], [63, 2, 500], [Count - 1, 1]])
            AssertSame(whole, Run(test, kernel, cuts, approximate: true), string.Join(',', cuts));
        CollectionAssert.AreEqual(whole, Run(test, kernel, [128], approximate: true), "the same tasks, the same bits");
    }

    /// <remarks>StreamingLLM: the sinks, and the band before the block of the query.</remarks>
    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void WithoutNodesItIsASlidingWindowWithSinks(string set)
    {
        HyperAttention kernel = FloatSets.Hyper(set);
        using var test = new HyperCase(Count, 13);
        foreach ((int sinks, int band) in ((int, int)[])[(8, 1), (0, 2), (5, 0)])
        {
            HyperSettings settings = Settings with { Block = 0, Samples = 0, Sinks = sinks, BandBlocks = band };
            float[] output = Run(test, kernel, [100, 13, 250], approximate: true, settings);
            AssertReference(test, output, query =>
                new Range(sinks, Math.Max(sinks, ((query / settings.Leaf) - band) * settings.Leaf)));
        }
    }

    [TestMethod]
    public void WithoutBlocksTheSampleStandsForAll()
    {
        var kernel = HyperAttention.For(InstructionSets.Best);
        using var test = new HyperCase(Count, 14);
        HyperSettings settings = Settings with { Block = 0 };
        float[] every = Run(test, kernel, [128], approximate: true, settings with { Samples = Count });
        AssertReference(test, every, _ => default);
        float[] some = Run(test, kernel, [128], approximate: true, settings);
        double difference = 0, norm = 0;
        for (int i = 0; i < some.Length; i++)
        {
            difference += Math.Pow(some[i] - every[i], 2);
            norm += every[i] * every[i];
        }

        Assert.IsGreaterThan(0.01, Math.Sqrt(difference / norm));
        Assert.IsLessThan(1, Math.Sqrt(difference / norm));
    }

    [TestMethod]
    public void WhatWasRolledBackLeavesNoTrace()
    {
        var kernel = HyperAttention.For(InstructionSets.Best);
        using var test = new HyperCase(Count, 9);
        using var other = new HyperCase(Count, 10);
        float[] expected = Run(test, kernel, [Count], approximate: true);
        foreach (int keep in (int[])[0, 20, 64, 65, 300])
        {
            using HyperSequence sequence = Open(kernel, approximate: true);
            var output = new float[Count * Dimension];
            Feed(sequence, kernel, test, 0, keep, output);
            Feed(sequence, kernel, other, keep, 600, output);
            // Keys lie in the cases themselves, so the ring holds the first case's again.
            Feed(sequence, kernel, test, keep, Count, output);
            AssertSame(expected, output, $"kept {keep}");
        }
    }

    /// <remarks>Blocks of keys that overlap by no whole tile, a last one that begins between, and sinks that shift all.
    /// </remarks>
    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void SharedTilesChangeNoBit(string set)
    {
        HyperAttention kernel = FloatSets.Hyper(set);
        using var test = new HyperCase(Count, 13);
        foreach ((int block, int sinks, int samples) in ((int, int, int)[])[(32, 8, 32), (128, 5, 64), (100, 0, 33)])
        {
            HyperSettings settings = Settings with
            {
                Block = block, Sinks = sinks, Samples = samples, ExactWhereSmall = false,
            };
            float[] shared = Run(test, kernel, [Count], approximate: true, settings, long.MaxValue);
            float[] alone = Run(test, kernel, [128], approximate: true, settings, mostTileBytes: 0);
            CollectionAssert.AreEqual(shared, alone, $"block {block}");
        }
    }

    [TestMethod]
    public void MemoryBesideTheRingsIsAsStated()
    {
        var kernel = HyperAttention.For(InstructionSets.Best);
        const int Blocks = 8, Heads = 2, Leaf = 64;
        long Bytes(long? most)
        {
            using var sequence = new HyperSequence(kernel, Settings, new HyperPolicy([[true, true], [true, true]]),
                [new(2, Heads, 0, 0), new(2, Heads, 0, 0)], 32, 32, Blocks * Leaf, 1, most);
            return sequence.Bytes;
        }

        // Positions for their own order; of each head runs of 2 and 4 blocks but for the sinks, samples and buckets:
        // runs that end with blocks 2, 4, 6 and 8. One block is exact, as 64 keys are no more than 32 + 32.
        const int Runs = (2 * Leaf) + (4 * Leaf) + (2 * Leaf) + (8 * Leaf) - (3 * 8);
        long orders = sizeof(int) * ((Blocks * Leaf) + (Heads * (Runs + (4 * (32 + 256)))));
        // Thresholds and early projections of 2 KV heads and of 4 query heads, and a rank for each key.
        long ranks = (6 * ((Leaf * 8) + 8) * sizeof(float)) + (Heads * Blocks * Leaf);
        Assert.AreEqual(orders + ranks, Bytes(0));
        // Keys and values of the positions, and the samples of runs of 1, 2, 4 and 8 blocks as whole tiles.
        Assert.AreEqual(orders + ranks + (Heads * ((Blocks * Leaf) + (4 * 64)) * (32 + 32) * sizeof(float)),
            Bytes(null));
    }

    [TestMethod]
    public void HeadsThatAreNotChosenAreExact()
    {
        var kernel = HyperAttention.For(InstructionSets.Best);
        using var test = new HyperCase(Count, 11);
        AssertReference(test, Run(test, kernel, [128], approximate: false), _ => default);
    }

    [TestMethod]
    public void AfterAGapItStaysExact()
    {
        var kernel = HyperAttention.For(InstructionSets.Best);
        using HyperSequence sequence = Open(kernel, approximate: true);
        sequence.Observe(0, 100);
        Assert.IsFalse(sequence.Applies(0, 99), "no query was computed");
        sequence.ObserveLayer(0, 0, 63, computed: true);
        Assert.IsFalse(sequence.Applies(0, 99), "one is missing before the leaf");
        sequence.ObserveLayer(0, 63, 37, computed: true);
        Assert.IsTrue(sequence.Applies(0, 99));
        sequence.ObserveLayer(0, 40, 10, computed: false);
        Assert.IsFalse(sequence.Applies(0, 99), "40 to 49 were computed anew, but not their queries");
        sequence.ObserveLayer(0, 0, 100, computed: true);
        sequence.Observe(150, 100);
        Assert.IsFalse(sequence.Applies(0, 249));
        sequence.Observe(100, 300);
        Assert.IsTrue(sequence.Applies(0, 399));
    }

    [TestMethod]
    public void AProbeMeasuresTheErrorAndLeavesTheExactResult()
    {
        var kernel = HyperAttention.For(InstructionSets.Best);
        using var test = new HyperCase(Count, 12);
        float[] approximate = Run(test, kernel, [Count], approximate: true);
        using HyperSequence sequence = Open(kernel, approximate: true);
        var probe = new HyperProbe(1, 1, [Count]);
        sequence.Probe = probe;
        var output = new float[Count * Dimension];
        Feed(sequence, kernel, test, 0, Count, output);
        double difference = 0, norm = 0;
        for (int i = 0; i < output.Length; i++)
        {
            if (!sequence.Approximates(i / Dimension / Settings.Leaf)) continue;
            difference += Math.Pow(output[i] - approximate[i], 2);
            norm += output[i] * output[i];
        }

        Assert.AreEqual(Math.Sqrt(difference / norm), probe.RelativeError(0, 0, 0), 1e-4);
        double[] expected = test.Reference(Count - 1, causal: true).Output;
        for (int k = 0; k < Dimension; k++)
            Assert.AreEqual(expected[k], output[((Count - 1) * Dimension) + k], 1e-5, "the exact result");
        Assert.IsGreaterThan(0, probe.LogSumExpError(0, 0, 0));
    }

    private static void AssertSame(float[] expected, float[] actual, string what)
    {
        for (int i = 0; i < expected.Length; i++) Assert.AreEqual(expected[i], actual[i], 3e-6, $"{what}: {i}");
    }

    private static void AssertReference(HyperCase test, float[] output, Func<int, Range> hidden)
    {
        for (int query = 0; query < Count; query += 37)
        {
            double[] expected = test.Reference(query, causal: true, hidden(query)).Output;
            for (int k = 0; k < Dimension; k++)
                Assert.AreEqual(expected[k], output[(query * Dimension) + k], 1e-5, $"query {query}");
        }
    }

    private static HyperSequence Open(HyperAttention kernel, bool approximate, HyperSettings? settings = null,
        long? mostTileBytes = null) =>
        new(kernel, settings ?? Settings, new HyperPolicy([[approximate]]), [new HyperShape(1, 1, 0, 0)], Dimension,
            Dimension, Count, 1, mostTileBytes);

    private static float[] Run(HyperCase test, HyperAttention kernel, int[] cuts, bool approximate,
        HyperSettings? settings = null, long mostTileBytes = HyperSequence.MostTileBytes)
    {
        using HyperSequence sequence = Open(kernel, approximate, settings, mostTileBytes);
        var output = new float[Count * Dimension];
        for (int done = 0, cut = 0; done < Count; cut++)
        {
            int end = Math.Min(Count, done + cuts[cut % cuts.Length]);
            Feed(sequence, kernel, test, done, end, output);
            done = end;
        }

        return output;
    }

    /// <summary>Positions [begin, end) in one step, in tasks of one block at most.</summary>
    private static void Feed(HyperSequence sequence, HyperAttention kernel, HyperCase test, int begin, int end,
        float[] output)
    {
        if (begin == end) return;
        sequence.Observe(begin, end - begin);
        sequence.ObserveLayer(0, begin, end - begin, computed: true);
        sequence.RankKeys(0, 0, test.Keys + (begin * Dimension), Dimension, begin, end - begin, 0);
        sequence.ObserveQueries(0, 0, test.Queries + (begin * Dimension), Dimension, begin, end - begin, 0);
        using AlignedBuffer<byte> scratch = new(ExactAttention.ScratchBytes);
        using AlignedBuffer<int> positions = new(Count + 64);
        for (int i = 0; i < Count; i++) positions.Pointer[i] = i;
        fixed (float* result = output)
        {
            for (int row = begin; row < end;)
            {
                int block = row / sequence.Settings.Leaf;
                int blockEnd = Math.Min(end, (block + 1) * sequence.Settings.Leaf);
                AttentionTask task = Task(test, positions.Pointer, row, blockEnd, result);
                if (sequence.Approximates(block)) Attend(sequence, task, block, scratch.Pointer);
                else kernel.Exact.Attend(task, scratch.Pointer);
                row = blockEnd;
            }
        }
    }

    private static void Attend(HyperSequence sequence, in AttentionTask task, int block, byte* scratch)
    {
        int orders = sequence.BeginOrders(0, block);
        for (int i = 0; i < orders; i++) sequence.Order(0, 0, i);
        int tiles = sequence.BeginTiles(0, block);
        for (int i = 0; i < tiles; i++) sequence.Tile(task, 0, 0, i, 0);
        sequence.Attend(task, 0, 0, 0, scratch);
    }

    private static AttentionTask Task(HyperCase test, int* positions, int row, int end, float* output) => new()
    {
        Query = test.Queries + (row * Dimension),
        QueryRowStride = Dimension,
        QueryHeadStride = Dimension,
        Rows = end - row,
        GroupHeads = 1,
        Positions = positions + row,
        Keys = (byte*)test.Keys,
        Values = (byte*)test.Values,
        KeyRowBytes = Dimension * sizeof(float),
        ValueRowBytes = Dimension * sizeof(float),
        KeyType = CacheType.F32,
        ValueType = CacheType.F32,
        SlotPositions = positions,
        First = new SlotRange(0, end),
        KeyDimension = Dimension,
        ValueDimension = Dimension,
        Scale = 1 / MathF.Sqrt(Dimension),
        Output = output + (row * Dimension),
        OutputRowStride = Dimension,
        OutputHeadStride = Dimension,
    };

    /// <summary>Ranks by means over [sinks, leaf), computed plainly.</summary>
    private static (byte[] Queries, byte[] Keys) FrozenRanks(HyperCase test, HyperAttention kernel)
    {
        using var planes = new HyperPlanes(Settings.Hyperplanes, Dimension, Settings.Seed);
        return (Ranks(test.Queries, kernel, planes), Ranks(test.Keys, kernel, planes));
    }

    private static byte[] Ranks(float* rows, HyperAttention kernel, HyperPlanes planes)
    {
        var projections = new float[Count * HyperPlanes.Width];
        var ranks = new byte[Count];
        fixed (float* projected = projections)
        {
            kernel.Project(rows, Dimension, Count, planes, projected);
            float* thresholds = stackalloc float[Settings.Hyperplanes];
            for (int plane = 0; plane < Settings.Hyperplanes; plane++)
            {
                double sum = 0;
                for (int i = Settings.Sinks; i < Settings.Leaf; i++) sum += projected[(i * HyperPlanes.Width) + plane];
                thresholds[plane] = (float)(sum / (Settings.Leaf - Settings.Sinks));
            }

            for (int i = 0; i < Count; i++)
                ranks[i] = HyperPlanes.Rank(projected + (i * HyperPlanes.Width), thresholds, Settings.Hyperplanes);
        }

        return ranks;
    }
}
