namespace Engine.Attention.Hyper;

/// <summary>Query rows [FirstQuery, EndQuery) that see keys [FirstKey, EndKey) and the sinks before them exactly, as
/// far as causal.</summary>
internal readonly record struct ExactRange(int FirstQuery, int EndQuery, int FirstKey, int EndKey);

/// <summary>How a call over a whole layer divides into exact ranges and nodes.</summary>
internal sealed class HyperPlan
{
    private readonly HyperSettings settings;
    private readonly int past;
    private readonly int rowTile;

    private HyperPlan(HyperSettings settings, int past, int rowTile)
    {
        this.settings = settings;
        this.past = past;
        this.rowTile = rowTile;
    }

    /// <summary>Exact parts, in pieces of the exact kernel's tile.</summary>
    public List<ExactRange> Exact { get; } = [];

    public List<NodeRange> Nodes { get; } = [];

    /// <summary>Every query sees every key: one node.</summary>
    public static HyperPlan Unmasked(HyperSettings settings, int queries, int keys, int rowTile)
    {
        var plan = new HyperPlan(settings, 0, rowTile);
        plan.AddExact(0, queries, keys, keys);
        plan.AddNode(0, queries, 0, keys);
        return plan;
    }

    /// <summary>New queries behind <paramref name="past"/> old positions: a node over those, then the recursion of the
    /// paper; or, with a local band, blocks of a leaf's length and the dyadic runs of blocks before the band.</summary>
    public static HyperPlan Causal(HyperSettings settings, int queries, int past, int rowTile)
    {
        var plan = new HyperPlan(settings, past, rowTile);
        if (settings.BandBlocks > 0)
        {
            if (past > 0) throw new ArgumentException("with a band, a call begins with the sequence", nameof(past));
            plan.AddBlocks(queries);
            return plan;
        }

        if (past > 0) plan.AddNode(0, queries, 0, past);
        plan.Divide(0, queries);
        return plan;
    }

    /// <summary>The part of the keys before block <paramref name="block"/>'s band that aligned run number
    /// <paramref name="run"/> covers, the longest first; false if there are fewer.</summary>
    /// <remarks>Runs are the set bits of the number of blocks, so the run that a bit stands for is the same for all
    /// query blocks that have it, and begins at a multiple of its length.</remarks>
    public static bool PrefixRun(int block, int bandBlocks, int run, out int firstBlock, out int endBlock)
    {
        uint rest = (uint)Math.Max(0, block - bandBlocks);
        firstBlock = 0;
        for (; rest > 0; run--)
        {
            int length = 1 << System.Numerics.BitOperations.Log2(rest);
            endBlock = firstBlock + length;
            if (run == 0) return true;
            firstBlock = endBlock;
            rest -= (uint)length;
        }

        endBlock = 0;
        return false;
    }

    private void AddExact(int firstQuery, int endQuery, int firstKey, int endKey)
    {
        for (int row = firstQuery; row < endQuery; row += rowTile)
        {
            int end = Math.Min(row + rowTile, endQuery);
            Exact.Add(new ExactRange(row, end, firstKey, endKey));
        }
    }

    private void AddNode(int firstQuery, int endQuery, int firstKey, int endKey)
    {
        firstKey = Math.Max(firstKey, settings.Sinks);
        if (settings.HasNodes && firstKey < endKey) Nodes.Add(new NodeRange(firstQuery, endQuery, firstKey, endKey));
    }

    private void Divide(int first, int end)
    {
        if (end - first <= Math.Max(1, settings.Leaf))
        {
            AddExact(first, end, past + first, past + end);
            return;
        }

        int half = (end - first + 1) / 2;
        int middle = Math.Min(end, first + ((half + settings.SplitTile - 1) / settings.SplitTile * settings.SplitTile));
        Divide(first, middle);
        Divide(middle, end);
        AddNode(middle, end, past + first, past + middle);
    }

    private void AddBlocks(int queries)
    {
        int leaf = settings.Leaf, band = settings.BandBlocks;
        for (int first = 0; first < queries; first += leaf)
        {
            int end = Math.Min(first + leaf, queries);
            AddExact(first, end, Math.Max(0, first - (band * leaf)), end);
        }

        // The run of `length` blocks from `first` is part of the prefixes of so many blocks after it.
        int blocks = (queries + leaf - 1) / leaf;
        for (int length = 1 << 30; length > 0; length >>= 1)
        {
            for (long first = 0; first + length + band < blocks; first += 2L * length)
            {
                long begin = (first + length + band) * leaf, end = begin + ((long)length * leaf);
                AddNode((int)begin, (int)Math.Min(end, queries), (int)first * leaf, (int)(first + length) * leaf);
            }
        }
    }
}
