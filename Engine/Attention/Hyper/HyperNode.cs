using Engine.Memory;

namespace Engine.Attention.Hyper;

/// <summary>Keys [FirstKey, EndKey) against query rows [FirstQuery, EndQuery).</summary>
internal readonly record struct NodeRange(int FirstQuery, int EndQuery, int FirstKey, int EndKey)
{
    public int Keys => EndKey - FirstKey;

    public int Queries => EndQuery - FirstQuery;
}

/// <summary>What all query blocks of a node share: both orders, the cuts, and the packed samples.</summary>
internal sealed unsafe class HyperNode : IDisposable
{
    private const int Buckets = 1 << HyperSettings.LargestHyperplanes;

    private readonly HyperSettings settings;
    private readonly AlignedBuffer<int> keyOrder;
    private readonly AlignedBuffer<int> queryOrder;
    private readonly AlignedBuffer<int> cuts;
    private readonly AlignedBuffer<int> samples;
    private readonly AlignedBuffer<int> counts;

    /// <summary>Reserves room for nodes of at most so many keys and queries.</summary>
    public HyperNode(HyperSettings settings, int largestKeys, int largestQueries, int keyElements, int valueElements)
    {
        this.settings = settings;
        keyOrder = new AlignedBuffer<int>(largestKeys);
        queryOrder = new AlignedBuffer<int>(largestQueries);
        cuts = new AlignedBuffer<int>(BlocksFor(largestKeys) + 2);
        samples = new AlignedBuffer<int>(settings.Samples);
        counts = new AlignedBuffer<int>(2 * Buckets);
        SampleTiles = new PackedKeys(settings.Samples, keyElements, valueElements);
    }

    public NodeRange Range { get; private set; }

    /// <summary>True if every query takes every key.</summary>
    public bool IsExact { get; private set; }

    /// <summary>Query blocks: one for each key block.</summary>
    public int Blocks { get; private set; }

    /// <summary>Keys in the order of their ranks.</summary>
    public int* KeyOrder => keyOrder.Pointer;

    /// <summary>Queries in the order of their blocks.</summary>
    public int* QueryOrder => queryOrder.Pointer;

    /// <summary>Block i has the queries [Cuts[i], Cuts[i + 1]) of the order.</summary>
    public int* Cuts => cuts.Pointer;

    /// <summary>Sampled positions in the order of the keys, ascending.</summary>
    public int* Samples => samples.Pointer;

    public int SampleCount => IsExact ? 0 : settings.Samples;

    /// <summary>Samples as tiles.</summary>
    public PackedKeys SampleTiles { get; }

    /// <summary>Keys [begin, end) of the order that a query block takes exactly.</summary>
    public void OwnKeys(int block, out int begin, out int end)
    {
        begin = IsExact ? 0 : block * Step;
        if (settings.OwnBucket) begin = Math.Min(begin, Math.Max(0, Range.Keys - settings.Block));
        end = IsExact ? Range.Keys : Math.Min(begin + settings.Block, Range.Keys);
    }

    /// <summary>Sorts and cuts; samples are drawn, or given.</summary>
    public void Set(in NodeRange range, byte* keyRanks, byte* queryRanks, ulong sampleKey, ReadOnlySpan<int> given)
    {
        Range = range;
        IsExact = range.Keys <= settings.ExactKeys;
        Blocks = IsExact ? 1 : BlocksFor(range.Keys);
        if (IsExact)
        {
            for (int i = 0; i < range.Keys; i++) KeyOrder[i] = range.FirstKey + i;
            for (int i = 0; i < range.Queries; i++) QueryOrder[i] = range.FirstQuery + i;
            Cuts[0] = 0;
            Cuts[1] = range.Queries;
            return;
        }

        int* keyStarts = counts.Pointer, queryStarts = keyStarts + Buckets;
        Sort(keyRanks, range.FirstKey, range.EndKey, keyStarts, KeyOrder);
        if (settings.OwnBucket)
        {
            AssignByBucket(queryRanks, keyStarts);
        }
        else
        {
            Sort(queryRanks, range.FirstQuery, range.EndQuery, queryStarts, QueryOrder);
            for (int i = 0; i <= Blocks; i++) Cuts[i] = (int)((long)i * range.Queries / Blocks);
        }

        if (given.IsEmpty) Draw(sampleKey);
        else given[..settings.Samples].CopyTo(samples.Slice(0, settings.Samples));
    }

    public void Dispose()
    {
        keyOrder.Dispose();
        queryOrder.Dispose();
        cuts.Dispose();
        samples.Dispose();
        counts.Dispose();
        SampleTiles.Dispose();
    }

    /// <summary>From one key block to the next. Where a query chooses by its bucket, blocks overlap by half: at least a
    /// quarter of a block then lies on either side of the bucket's middle.</summary>
    private int Step => settings.OwnBucket ? Math.Max(1, settings.Block / 2) : settings.Block;

    private int BlocksFor(int keyCount)
    {
        if (settings.Block == 0) return 1;
        int last = settings.OwnBucket ? Math.Max(0, keyCount - settings.Block) : keyCount - 1;
        return settings.OwnBucket ? ((last + Step - 1) / Step) + 1 : (last / Step) + 1;
    }

    /// <summary>Stable counting sort by rank; <paramref name="ends"/>[r] becomes the end of bucket r.</summary>
    private static void Sort(byte* ranks, int begin, int end, int* ends, int* order)
    {
        new Span<int>(ends, Buckets).Clear();
        for (int i = begin; i < end; i++) ends[ranks[i]]++;
        int sum = 0;
        for (int rank = 0; rank < Buckets; rank++)
        {
            int count = ends[rank];
            ends[rank] = sum;
            sum += count;
        }

        for (int i = begin; i < end; i++) order[ends[ranks[i]]++] = i;
    }

    /// <summary>A query goes to the block whose middle is nearest to the middle of its bucket.</summary>
    private void AssignByBucket(byte* ranks, int* keyEnds)
    {
        NodeRange range = Range;
        int* blockOf = counts.Pointer + Buckets;
        for (int rank = 0; rank < Buckets; rank++)
        {
            int middle = ((rank == 0 ? 0 : keyEnds[rank - 1]) + keyEnds[rank]) / 2;
            int nearest = (middle - (settings.Block / 2) + (Step / 2)) / Step;
            blockOf[rank] = Math.Clamp(nearest, 0, Blocks - 1);
        }

        int* next = Cuts + 1;
        new Span<int>(Cuts, Blocks + 2).Clear();
        for (int i = range.FirstQuery; i < range.EndQuery; i++) next[blockOf[ranks[i]] + 1]++;
        for (int block = 1; block <= Blocks; block++) next[block] += next[block - 1];
        // Each start moves to its block's end while the block fills, which is where the next one begins.
        for (int i = range.FirstQuery; i < range.EndQuery; i++) QueryOrder[next[blockOf[ranks[i]]]++] = i;
    }

    /// <summary>One position from each of so many equal parts.</summary>
    private void Draw(ulong sampleKey)
    {
        ulong key = HyperRandom.Key(sampleKey, Range.FirstKey, Range.EndKey);
        double step = (double)Range.Keys / settings.Samples;
        for (int t = 0; t < settings.Samples; t++)
            Samples[t] = Math.Min((int)((t + HyperRandom.Uniform(key, t)) * step), Range.Keys - 1);
    }
}
