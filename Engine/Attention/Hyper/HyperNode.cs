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
    private readonly HyperSettings settings;
    private readonly IKeyChoice? choice;
    private readonly AlignedBuffer<int> keyOrder;
    private readonly AlignedBuffer<int> queryOrder;
    private readonly AlignedBuffer<int> cuts;
    private readonly AlignedBuffer<int> samples;
    private readonly PackedKeys ownSamples;
    private int step;

    /// <summary>Reserves room for nodes of at most so many keys and queries; takes ownership of the choice.</summary>
    /// <param name="settings">Budget and layout.</param>
    /// <param name="choice">Finds the large entries; null = orders are given.</param>
    /// <param name="largestKeys">Keys of a node.</param>
    /// <param name="largestQueries">Queries of a node.</param>
    /// <param name="keyElements">Padded elements of a key.</param>
    /// <param name="valueElements">Padded elements of a value.</param>
    public HyperNode(HyperSettings settings, IKeyChoice? choice, int largestKeys, int largestQueries, int keyElements,
        int valueElements)
    {
        this.settings = settings;
        this.choice = choice;
        keyOrder = new AlignedBuffer<int>(choice is null ? 0 : largestKeys);
        queryOrder = new AlignedBuffer<int>(largestQueries);
        // Overlapping key blocks are at most twice as many.
        cuts = new AlignedBuffer<int>((2 * largestKeys / Math.Max(1, settings.Block)) + 5);
        int sampleCount = settings.LargestSamples(largestKeys);
        samples = new AlignedBuffer<int>(sampleCount);
        ownSamples = new PackedKeys(sampleCount, keyElements, valueElements);
        KeyOrder = keyOrder.Pointer;
        Samples = samples.Pointer;
    }

    public HyperSettings Settings => settings;

    public NodeRange Range { get; private set; }

    /// <summary>True if every query takes every key.</summary>
    public bool IsExact { get; private set; }

    /// <summary>Query blocks: one for each key block.</summary>
    public int Blocks { get; private set; }

    /// <summary>Keys in the order of their blocks.</summary>
    public int* KeyOrder { get; private set; }

    /// <summary>Queries in the order of their blocks.</summary>
    public int* QueryOrder => queryOrder.Pointer;

    /// <summary>Block i has the queries [Cuts[i], Cuts[i + 1]) of the order.</summary>
    public int* Cuts => cuts.Pointer;

    /// <summary>Sampled positions in the order of the keys, ascending.</summary>
    public int* Samples { get; private set; }

    public int SampleCount => IsExact ? 0 : settings.Samples;

    /// <summary>All keys in their order as tiles, where these are shared; else each block is packed.</summary>
    public TileSpan Tiles { get; set; }

    /// <summary>Samples as tiles.</summary>
    public TileSpan SampleTiles { get; set; }

    /// <summary>Room to pack samples that are not shared.</summary>
    public PackedKeys OwnSamples => ownSamples;

    /// <summary>True if what a block takes is packed from a multiple of a tile on in the order: so are tiles that
    /// blocks share, and the sums must be the same whether they do.</summary>
    public bool TilesAreAligned => choice is null;

    /// <summary>Cuts the ordered keys into blocks that begin so far apart; a last one that would reach beyond the end
    /// is ragged, or begins earlier where blocks overlap.</summary>
    public void CutKeys(int distance)
    {
        step = Math.Max(1, distance);
        Blocks = BlocksOf(Range.Keys, settings.Block, step);
    }

    /// <summary>Blocks of so many keys that begin a step apart.</summary>
    public static int BlocksOf(int keys, int block, int step)
    {
        int reach = step < block ? keys - block : keys - 1;
        return block == 0 ? 1 : step < block ? ((Math.Max(0, reach) + step - 1) / step) + 1 : (reach / step) + 1;
    }

    /// <summary>Keys [begin, end) of the order that a query block takes exactly.</summary>
    public void OwnKeys(int block, out int begin, out int end)
    {
        begin = IsExact ? 0 : block * step;
        if (!IsExact && step < settings.Block) begin = Math.Min(begin, Math.Max(0, Range.Keys - settings.Block));
        end = IsExact ? Range.Keys : Math.Min(begin + settings.Block, Range.Keys);
    }

    /// <summary>Orders queries by the blocks that <paramref name="blockOf"/> gives them, in their own order within
    /// each.</summary>
    public void OrderQueries(Func<int, int> blockOf)
    {
        int* next = Cuts + 1;
        new Span<int>(Cuts, Blocks + 2).Clear();
        for (int i = Range.FirstQuery; i < Range.EndQuery; i++) next[blockOf(i) + 1]++;
        for (int block = 1; block <= Blocks; block++) next[block] += next[block - 1];
        // Each start moves to its block's end while the block fills, which is where the next one begins.
        for (int i = Range.FirstQuery; i < Range.EndQuery; i++) QueryOrder[next[blockOf(i)]++] = i;
    }

    /// <summary>The same by the ranks of queries.</summary>
    public void OrderQueries(int* blockOfRank, byte* ranks)
    {
        int* next = Cuts + 1;
        new Span<int>(Cuts, Blocks + 2).Clear();
        for (int i = Range.FirstQuery; i < Range.EndQuery; i++) next[blockOfRank[ranks[i]] + 1]++;
        for (int block = 1; block <= Blocks; block++) next[block] += next[block - 1];
        for (int i = Range.FirstQuery; i < Range.EndQuery; i++) QueryOrder[next[blockOfRank[ranks[i]]]++] = i;
    }

    /// <summary>One position from each of so many equal parts of a range's keys.</summary>
    public static void Draw(ulong sampleKey, in NodeRange range, int count, int* samples)
    {
        ulong key = HyperRandom.Key(sampleKey, range.FirstKey, range.EndKey);
        double part = (double)range.Keys / count;
        for (int t = 0; t < count; t++)
            samples[t] = Math.Min((int)((t + HyperRandom.Uniform(key, t)) * part), range.Keys - 1);
    }

    /// <summary>Orders and cuts; samples are drawn, or given.</summary>
    public void Set(in NodeRange range, in HyperKeys keys, HyperQueries queries, ReadOnlySpan<int> given)
    {
        Range = range;
        IsExact = range.Keys <= settings.ExactKeys;
        if (IsExact)
        {
            Blocks = 1;
            for (int i = 0; i < range.Keys; i++) KeyOrder[i] = range.FirstKey + i;
            for (int i = 0; i < range.Queries; i++) QueryOrder[i] = range.FirstQuery + i;
            Cuts[0] = 0;
            Cuts[1] = range.Queries;
            return;
        }

        choice!.Arrange(this, keys, queries);
        if (given.IsEmpty) Draw(keys.SampleKey, range, settings.Samples, Samples);
        else given[..settings.Samples].CopyTo(samples.Slice(0, settings.Samples));
    }

    /// <summary>Takes orders that others share; null where every query takes every key.</summary>
    public void Set(in NodeRange range, int* order, int* drawn, int* blockOfRank, byte* queryRanks)
    {
        Range = range;
        IsExact = blockOfRank == null;
        KeyOrder = order;
        Samples = drawn;
        Tiles = SampleTiles = default;
        if (IsExact)
        {
            Blocks = 1;
            for (int i = 0; i < range.Queries; i++) QueryOrder[i] = range.FirstQuery + i;
            Cuts[0] = 0;
            Cuts[1] = range.Queries;
            return;
        }

        CutKeys(BucketChoice.Step(settings));
        OrderQueries(blockOfRank, queryRanks);
    }

    public void Dispose()
    {
        choice?.Dispose();
        keyOrder.Dispose();
        queryOrder.Dispose();
        cuts.Dispose();
        samples.Dispose();
        ownSamples.Dispose();
    }
}
