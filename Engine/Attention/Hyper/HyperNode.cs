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
    private readonly IKeyChoice choice;
    private readonly AlignedBuffer<int> keyOrder;
    private readonly AlignedBuffer<int> queryOrder;
    private readonly AlignedBuffer<int> cuts;
    private readonly AlignedBuffer<int> samples;
    private int step;

    /// <summary>Reserves room for nodes of at most so many keys and queries; takes ownership of the choice.</summary>
    public HyperNode(HyperSettings settings, IKeyChoice choice, int largestKeys, int largestQueries, int keyElements,
        int valueElements)
    {
        this.settings = settings;
        this.choice = choice;
        keyOrder = new AlignedBuffer<int>(largestKeys);
        queryOrder = new AlignedBuffer<int>(largestQueries);
        // Overlapping key blocks are at most twice as many.
        cuts = new AlignedBuffer<int>((2 * largestKeys / Math.Max(1, settings.Block)) + 5);
        samples = new AlignedBuffer<int>(settings.Samples);
        SampleTiles = new PackedKeys(settings.Samples, keyElements, valueElements);
    }

    public HyperSettings Settings => settings;

    public NodeRange Range { get; private set; }

    /// <summary>True if every query takes every key.</summary>
    public bool IsExact { get; private set; }

    /// <summary>Query blocks: one for each key block.</summary>
    public int Blocks { get; private set; }

    /// <summary>Keys in the order of their blocks.</summary>
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

    /// <summary>Cuts the ordered keys into blocks that begin so far apart; a last one that would reach beyond the end
    /// is ragged, or begins earlier where blocks overlap.</summary>
    public void CutKeys(int distance)
    {
        step = Math.Max(1, distance);
        int reach = step < settings.Block ? Range.Keys - settings.Block : Range.Keys - 1;
        Blocks = settings.Block == 0 ? 1
            : step < settings.Block ? ((Math.Max(0, reach) + step - 1) / step) + 1 : (reach / step) + 1;
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

        choice.Arrange(this, keys, queries);
        if (given.IsEmpty) Draw(keys.SampleKey);
        else given[..settings.Samples].CopyTo(samples.Slice(0, settings.Samples));
    }

    public void Dispose()
    {
        choice.Dispose();
        keyOrder.Dispose();
        queryOrder.Dispose();
        cuts.Dispose();
        samples.Dispose();
        SampleTiles.Dispose();
    }

    /// <summary>One position from each of so many equal parts.</summary>
    private void Draw(ulong sampleKey)
    {
        ulong key = HyperRandom.Key(sampleKey, Range.FirstKey, Range.EndKey);
        double part = (double)Range.Keys / settings.Samples;
        for (int t = 0; t < settings.Samples; t++)
            Samples[t] = Math.Min((int)((t + HyperRandom.Uniform(key, t)) * part), Range.Keys - 1);
    }
}
