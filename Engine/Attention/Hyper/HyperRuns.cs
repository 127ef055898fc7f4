using System.Numerics;
using System.Runtime.CompilerServices;
using Engine.Memory;

namespace Engine.Attention.Hyper;

/// <summary>What all layers and heads that read one cache have in common of its runs of keys: their order by rank and
/// their samples, made once for each owner, and both as tiles, for the owner that was attended last.</summary>
/// <remarks>A run is known by the block that it ends before, as it is as long as that number's lowest set bit: the
/// prefix of P blocks is the runs of P, of P without its lowest bit, and so on, so a sequence that grows by a block
/// needs one new run. Orders take 4 bytes for half of the keys at each length. Tiles take 4 bytes for each element of a
/// key and its value, twice the f16 cache of one layer, so there is one set of them, for layers that share a cache to
/// find in place one after the other.</remarks>
internal sealed unsafe class HyperRuns : IDisposable
{
    /// <summary>Ranks, and so the table of a query's block by its rank.</summary>
    private const int Ranks = 1 << HyperSettings.LargestHyperplanes;

    /// <summary>Keys that are packed as one piece of work.</summary>
    private const int PieceSlots = 1024;

    private readonly HyperAttention kernel;
    private readonly HyperSettings settings;
    private readonly HyperShape?[] groups;
    private readonly nint[] places;
    private readonly nint headInts;
    private readonly AlignedBuffer<int>?[] orders;
    private readonly bool[][] ordered;
    private readonly AlignedBuffer<int> identity;
    private readonly PackedKeys? tiles;
    private readonly int blockSlots, sampleSlots, headSlots;
    private readonly int[] holder;
    private readonly int[] missing;
    private readonly (int End, int First)[] pieces;
    private int tiledGroup = -1;
    private int missingCount;

    /// <param name="kernel">The kernel.</param>
    /// <param name="settings">Budget and layout.</param>
    /// <param name="groups">Of each cache one layer that is approximated; null = none is.</param>
    /// <param name="elements">Padded elements of a key and of a value.</param>
    /// <param name="contextLength">Positions at most.</param>
    /// <param name="mostTileBytes">No tiles are kept where they would take more: each task then packs its own.</param>
    public HyperRuns(HyperAttention kernel, HyperSettings settings, HyperShape?[] groups,
        (int Key, int Value) elements, int contextLength, long mostTileBytes)
    {
        this.kernel = kernel;
        this.settings = settings;
        this.groups = groups;
        int blocks = contextLength / settings.Leaf;
        places = new nint[blocks + 1];
        headInts = 0;
        for (int end = 1; end <= blocks; end++)
        {
            places[end] = headInts;
            if (KeysOf(end) > settings.ExactKeys) headInts += KeysOf(end) + settings.Samples + Ranks;
        }

        orders = new AlignedBuffer<int>?[groups.Length];
        ordered = new bool[groups.Length][];
        int heads = 0;
        for (int group = 0; group < groups.Length; group++)
        {
            ordered[group] = new bool[blocks + 1];
            if (groups[group] is not { } shape) continue;
            orders[group] = new AlignedBuffer<int>(shape.KvHeads * headInts);
            heads = Math.Max(heads, shape.KvHeads);
        }

        identity = new AlignedBuffer<int>(contextLength);
        for (int i = 0; i < contextLength; i++) identity.Pointer[i] = i;
        holder = new int[blocks + 1];
        missing = new int[33];
        blockSlots = PackedKeys.PaddedSlots(settings.Leaf);
        sampleSlots = PackedKeys.PaddedSlots(settings.LargestSamples(contextLength));
        long slots = ((long)blocks * blockSlots) + ((BitOperations.Log2((uint)blocks | 1) + 1L) * sampleSlots);
        TileBytes = heads * slots * (elements.Key + elements.Value) * sizeof(float);
        pieces = new (int, int)[(blocks * blockSlots / PieceSlots) + (2 * missing.Length)];
        if (TileBytes > mostTileBytes || heads * slots > int.MaxValue)
        {
            TileBytes = 0;
            return;
        }

        headSlots = (int)slots;
        tiles = new PackedKeys(heads * headSlots, elements.Key, elements.Value);
    }

    /// <summary>True if keys and values are kept as tiles.</summary>
    public bool HasTiles => tiles is not null;

    /// <summary>Bytes of the tiles.</summary>
    public long TileBytes { get; }

    /// <summary>Bytes of orders and samples.</summary>
    public long OrderBytes
    {
        get
        {
            long count = identity.Count;
            foreach (AlignedBuffer<int>? one in orders) count += one?.Count ?? 0;
            return count * sizeof(int);
        }
    }

    /// <summary>Forgets what holds keys from a position on: they come again.</summary>
    public void Forget(int position)
    {
        int first = (position / settings.Leaf) + 1;
        foreach (bool[] one in ordered)
            if (first < one.Length) Array.Clear(one, first, one.Length - first);
        tiledGroup = -1;
    }

    /// <summary>Finds the runs before a block's band that have no order yet; each is a piece of work for each KV head.
    /// </summary>
    public int BeginOrders(int group, int block)
    {
        missingCount = 0;
        if (groups[group] is null) return 0;
        for (int end = block - settings.BandBlocks; end > 0; end &= end - 1)
            if (KeysOf(end) > settings.ExactKeys && !ordered[group][end]) missing[missingCount++] = end;
        return missingCount;
    }

    /// <summary>Orders a run's keys and draws its samples.</summary>
    public void Order(int group, int kvHead, int piece, byte* ranks)
    {
        int end = missing[piece], keys = KeysOf(end);
        int* order = OrderOf(group, kvHead, end), samples = order + keys, blockOf = samples + settings.Samples;
        int* ends = stackalloc int[Ranks];
        BucketChoice.Sort(ranks, FirstKey(end), end * settings.Leaf, ends, order);
        BucketChoice.BlocksOfRanks(settings, keys, ends, blockOf);
        ulong key = HyperRandom.Key(settings.Seed, groups[group]!.Value.Owner, kvHead);
        HyperNode.Draw(key, Range(end, 0), settings.Samples, samples);
    }

    /// <summary>Takes note that the orders are made.</summary>
    public void EndOrders(int group)
    {
        for (int i = 0; i < missingCount; i++) ordered[group][missing[i]] = true;
    }

    /// <summary>Finds what is not yet in tiles of the runs before a block's band; each is a piece of work for each KV
    /// head.</summary>
    public int BeginTiles(int group, int block)
    {
        if (tiles is null || groups[group] is null) return 0;
        if (group != tiledGroup) Array.Clear(holder);
        tiledGroup = group;
        int count = 0;
        for (int end = block - settings.BandBlocks; end > 0; end &= end - 1)
        {
            int first = end & (end - 1);
            if (holder.AsSpan(first, end - first).IndexOfAnyExcept(end) < 0) continue;
            holder.AsSpan(first, end - first).Fill(end);
            for (int key = 0; key < KeysOf(end); key += PieceSlots) pieces[count++] = (end, key);
            if (KeysOf(end) > settings.ExactKeys) pieces[count++] = (end, -1);
        }

        return count;
    }

    /// <summary>Packs a piece.</summary>
    public void Tile(int group, int kvHead, int piece, in HyperKeys keys, HyperScratch scratch)
    {
        (int end, int first) = pieces[piece];
        int* order = KeyOrder(group, kvHead, end);
        if (first >= 0)
        {
            int slot = Slot(kvHead, end) + first, count = Math.Min(PieceSlots, KeysOf(end) - first);
            kernel.Pack(keys, order + first, count, Tiles(slot, count), scratch.Rows);
            return;
        }

        int* samples = order + KeysOf(end), slots = (int*)scratch.Bias;
        for (int t = 0; t < settings.Samples; t++) slots[t] = order[samples[t]];
        kernel.Pack(keys, slots, settings.Samples, Tiles(SampleSlot(kvHead, end), settings.Samples), scratch.Rows);
    }

    /// <summary>Sets a node to a run.</summary>
    public void Set(HyperNode node, int group, int kvHead, int end, HyperQueries queries, int queryCount)
    {
        int keys = KeysOf(end);
        int* order = KeyOrder(group, kvHead, end), samples = order + keys;
        bool sampled = keys > settings.ExactKeys;
        node.Set(Range(end, queryCount), order, sampled ? samples : null, sampled ? samples + settings.Samples : null,
            queries.Ranks);
        if (tiles is null) return;
        node.Tiles = Tiles(Slot(kvHead, end), keys);
        node.SampleTiles = Tiles(SampleSlot(kvHead, end), node.SampleCount);
    }

    public void Dispose()
    {
        foreach (AlignedBuffer<int>? one in orders) one?.Dispose();
        identity.Dispose();
        tiles?.Dispose();
    }

    private int FirstKey(int end) => Math.Max(settings.Sinks, (end & (end - 1)) * settings.Leaf);

    private int KeysOf(int end) => (end * settings.Leaf) - FirstKey(end);

    private NodeRange Range(int end, int queryCount) => new(0, queryCount, FirstKey(end), end * settings.Leaf);

    private int* OrderOf(int group, int kvHead, int end) =>
        orders[group]!.Pointer + (kvHead * headInts) + places[end];

    /// <summary>The order of a run, by rank, or as they come where every query takes all of them.</summary>
    private int* KeyOrder(int group, int kvHead, int end) => KeysOf(end) > settings.ExactKeys
        ? OrderOf(group, kvHead, end) : identity.Pointer + FirstKey(end);

    private int Slot(int kvHead, int end) => (kvHead * headSlots) + ((end & (end - 1)) * blockSlots);

    private int SampleSlot(int kvHead, int end) => ((kvHead + 1) * headSlots)
        - ((BitOperations.TrailingZeroCount(end) + 1) * sampleSlots);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TileSpan Tiles(int slot, int count) => new(tiles!.Keys(slot), tiles.Values(slot)) { Count = count };
}
