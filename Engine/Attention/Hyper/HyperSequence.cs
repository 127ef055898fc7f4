using Engine.Memory;

namespace Engine.Attention.Hyper;

/// <summary>Sees queries of one head as attention takes them: <paramref name="count"/> rows, <paramref name="stride"/>
/// floats apart, from <paramref name="position"/> on. Calls for different heads come from different threads.</summary>
internal unsafe delegate void HyperQueryTap(int layer, int queryHead, float* rows, nint stride, int position,
    int count);

/// <summary>HyperAttention of one sequence: ranks of its keys beside the rings, frozen thresholds, and the memory of
/// each worker. Nothing allocates after construction.</summary>
/// <remarks>Ranks and samples belong to the owner of a cache: all layers and heads that read it use the same.</remarks>
internal sealed unsafe partial class HyperSequence : IDisposable
{
    /// <summary>Keys and values of one cache are kept as tiles for the layers and workers that share it if they take no
    /// more.</summary>
    public const long MostTileBytes = 256L << 20;

    /// <summary>Query rows (row × head) of a task at most.</summary>
    private const int LargestTaskRows = 2048;

    /// <summary>Rows that are projected at once.</summary>
    private const int ProjectedRows = 64;

    private readonly HyperAttention kernel;
    private readonly HyperPlanes planes;
    private readonly HyperShape[] shapes;
    private readonly HyperRanks?[] keyRanks;
    private readonly HyperRanks?[] queryRanks;
    private readonly AlignedBuffer<byte>?[] ranks;
    private readonly HyperRuns runs;
    private readonly HyperWorker[] workers;
    private readonly int contextLength;
    private readonly int[] queriesKnown;
    private int known;

    public HyperSequence(HyperAttention kernel, HyperSettings settings, HyperPolicy policy, HyperShape[] shapes,
        int keyDimension, int valueDimension, int contextLength, int workerCount,
        long? mostTileBytes = null)
    {
        if (settings.Choice != KeyChoiceKind.Buckets)
            throw new ArgumentException("a sequence finds large entries by buckets", nameof(settings));
        this.kernel = kernel;
        this.shapes = shapes;
        this.contextLength = contextLength;
        Settings = settings with { OwnBucket = true };
        Policy = policy;
        planes = new HyperPlanes(settings.Hyperplanes, keyDimension, settings.Seed);
        int groups = 0, largestGroup = 1;
        foreach (HyperShape shape in shapes)
        {
            groups = Math.Max(groups, shape.Group + 1);
            largestGroup = Math.Max(largestGroup, shape.Heads / shape.KvHeads);
        }

        keyRanks = new HyperRanks?[groups];
        ranks = new AlignedBuffer<byte>?[groups];
        queryRanks = new HyperRanks?[shapes.Length];
        queriesKnown = new int[shapes.Length];
        // One layer and one worker alone pack what they need as fast for themselves.
        bool shares = false;
        var approximated = new HyperShape?[groups];
        for (int layer = 0; layer < shapes.Length; layer++)
        {
            HyperShape shape = shapes[layer];
            if (!policy.Approximates(layer)) continue;
            queryRanks[layer] = new HyperRanks(shape.Heads, settings);
            shares |= keyRanks[shape.Group] is not null;
            if (keyRanks[shape.Group] is not null) continue;
            approximated[shape.Group] = shape;
            keyRanks[shape.Group] = new HyperRanks(shape.KvHeads, settings);
            ranks[shape.Group] = new AlignedBuffer<byte>((nint)shape.KvHeads * contextLength);
        }

        runs = new HyperRuns(kernel, Settings, approximated, (CacheRows.PaddedElements(keyDimension),
            CacheRows.PaddedElements(valueDimension)), contextLength,
            mostTileBytes ?? (workerCount > 1 || shares ? MostTileBytes : 0));
        RowsPerTask = Math.Max(RowTile, LargestTaskRows / largestGroup / RowTile * RowTile);
        workers = new HyperWorker[workerCount];
        for (int worker = 0; worker < workerCount; worker++)
        {
            workers[worker] = new HyperWorker(Settings, Math.Min(settings.Leaf, RowsPerTask) * largestGroup,
                contextLength, keyDimension, valueDimension);
        }
    }

    public HyperSettings Settings { get; }

    public int RowTile => kernel.Exact.RowTile;

    public HyperPolicy Policy { get; }

    /// <summary>Rows (tokens) that a task may have at most; all within one block of a leaf's length, and cut off at
    /// multiples of <see cref="RowTile"/> from its beginning.</summary>
    public int RowsPerTask { get; }

    /// <summary>Measures the error of every approximated head instead of using its result; null = off.</summary>
    public HyperProbe? Probe { get; set; }

    /// <summary>Shown the queries of every layer and head before they are used; null = nobody.</summary>
    public HyperQueryTap? Tap { get; set; }

    /// <summary>A block is approximated only where that saves at least this part of the exact cost.</summary>
    public float LeastSaving { get; init; }

    /// <summary>Blocks that begin before this position are exact.</summary>
    public int LeastPosition { get; init; }

    /// <summary>Bytes beside the rings.</summary>
    public long Bytes
    {
        get
        {
            long bytes = 0;
            foreach (HyperRanks? one in keyRanks) bytes += one?.Bytes ?? 0;
            foreach (HyperRanks? one in queryRanks) bytes += one?.Bytes ?? 0;
            foreach (AlignedBuffer<byte>? one in ranks) bytes += one?.Count ?? 0;
            return bytes + runs.OrderBytes + runs.TileBytes;
        }
    }

    /// <summary>Takes note of positions that a step is about to compute. After a gap (a cache that was not computed
    /// here) the sequence stays exact.</summary>
    public void Observe(int position, int count)
    {
        if (position < known) runs.Forget(position);
        if (position <= known) known = position + count;
    }

    /// <summary>Takes note of whether a layer computes the queries of a step's positions: behind the last owner of a
    /// cache, only those that need logits are. Without those before the leaf a layer stays exact.</summary>
    public void ObserveLayer(int layer, int position, int count, bool computed)
    {
        if (!computed) queriesKnown[layer] = Math.Min(queriesKnown[layer], position);
        else if (position <= queriesKnown[layer]) queriesKnown[layer] = position + count;
    }

    /// <summary>True if rows at positions up to <paramref name="lastPosition"/> may be approximated in a layer.
    /// </summary>
    public bool Applies(int layer, int lastPosition) =>
        queryRanks[layer] is not null && lastPosition < known && queriesKnown[layer] >= Settings.Leaf;

    /// <summary>True if a block of queries is to be approximated, which depends on nothing but its position.</summary>
    public bool Approximates(int block) =>
        (long)block * Settings.Leaf >= LeastPosition && Saving(block) is float saved && saved >= LeastSaving;

    /// <summary>Part of a block's keys, counted, that approximating it saves; null where nothing would be
    /// approximated.</summary>
    public float? Saving(int block)
    {
        int leaf = Settings.Leaf;
        long exact = (block + 1L) * leaf, approximate = Math.Min(block + 1L, Settings.BandBlocks + 1L) * leaf;
        bool any = false;
        for (int run = 0; HyperPlan.PrefixRun(block, Settings.BandBlocks, run, out int first, out int end); run++)
        {
            int keys = (end * leaf) - Math.Max(Settings.Sinks, first * leaf);
            any |= keys > Settings.ExactKeys;
            approximate += keys > Settings.ExactKeys ? Settings.Block + Settings.Samples : keys;
        }

        return any ? 1 - (approximate / (float)exact) : null;
    }

    /// <summary>Ranks new keys of a group's KV head, from f32 rows before the cache rounds them; none where no layer of
    /// the group is approximated.</summary>
    public void RankKeys(int group, int kvHead, float* rows, nint stride, int position, int count, int worker)
    {
        if (!Settings.HasNodes || keyRanks[group] is not { } head) return;
        byte* result = RanksOf(group, kvHead);
        float* projections = workers[worker].Projections;
        for (int done = 0; done < count; done += ProjectedRows)
        {
            int few = Math.Min(ProjectedRows, count - done), leaf = Settings.Leaf;
            kernel.Project(rows + (done * stride), stride, few, planes, projections);
            for (int i = 0; i < few; i++)
            {
                int at = position + done + i;
                float* projected = projections + (i * HyperPlanes.Width);
                if (at >= leaf)
                {
                    result[at] = head.Rank(kvHead, projected);
                    continue;
                }

                head.Keep(kvHead, at, projected);
                if (at < leaf - 1) continue;
                head.Freeze(kvHead);
                for (int p = 0; p < leaf; p++) result[p] = head.RankOfKept(kvHead, p);
            }
        }
    }

    /// <summary>Keeps what the thresholds of a query head need of positions before the leaf.</summary>
    public void ObserveQueries(int layer, int queryHead, float* rows, nint stride, int position, int count, int worker)
    {
        Tap?.Invoke(layer, queryHead, rows, stride, position, count);
        if (queryRanks[layer] is not { } head || !Settings.HasNodes || !Policy.Approximates(layer, queryHead)) return;
        int end = Math.Min(position + count, Settings.Leaf);
        float* projections = workers[worker].Projections;
        for (int at = position; at < end; at += ProjectedRows)
        {
            int few = Math.Min(ProjectedRows, end - at);
            kernel.Project(rows + ((at - position) * stride), stride, few, planes, projections);
            for (int i = 0; i < few; i++) head.Keep(queryHead, at + i, projections + (i * HyperPlanes.Width));
        }

        if (position < Settings.Leaf && position + count >= Settings.Leaf) head.Freeze(queryHead);
    }

    /// <summary>Attention of a task's rows, which lie in one block: approximate for the chosen heads, exact for the
    /// others.</summary>
    public void Attend(in AttentionTask task, int layer, int kvHead, int worker, byte* exactScratch)
    {
        HyperWorker own = workers[worker];
        int group = task.GroupHeads;
        own.Begin();
        for (int head = 0; head < group;)
        {
            int end = head + 1;
            bool approximate = Policy.Approximates(layer, (kvHead * group) + head);
            while (end < group && Policy.Approximates(layer, (kvHead * group) + end) == approximate) end++;
            AttentionTask part = Heads(task, head, end);
            if (approximate) own.AddHeads(head, end);
            if (!approximate || Probe is not null) AttendPieces(ExactPart(part, own), exactScratch);
            head = end;
        }

        if (own.HeadCount == 0) return;
        BeginStates(task, own, exactScratch);
        if (Settings.HasNodes)
        {
            RankQueries(task, layer, kvHead, own);
            AttendNodes(task, layer, kvHead, own);
        }

        Finish(task, layer, kvHead, own);
    }

    public void Dispose()
    {
        planes.Dispose();
        runs.Dispose();
        foreach (HyperRanks? one in keyRanks) one?.Dispose();
        foreach (HyperRanks? one in queryRanks) one?.Dispose();
        foreach (AlignedBuffer<byte>? one in ranks) one?.Dispose();
        foreach (HyperWorker one in workers) one.Dispose();
    }

    private byte* RanksOf(int group, int kvHead) => ranks[group]!.Pointer + ((nint)kvHead * contextLength);

    private static AttentionTask Heads(AttentionTask task, int begin, int end)
    {
        task.Query += begin * task.QueryHeadStride;
        task.Output += begin * task.OutputHeadStride;
        if (task.SinkLogits != null) task.SinkLogits += begin;
        task.GroupHeads = end - begin;
        return task;
    }

    /// <summary>Exact attention in pieces of the kernel's tile, cut at places of the block: how rows are grouped can
    /// show in the last bit, and must not depend on how many workers share them.</summary>
    private void AttendPieces(in AttentionTask task, byte* exactScratch)
    {
        int tile = kernel.Exact.RowTile;
        for (int row = 0; row < task.Rows;)
        {
            int place = task.Positions[row] % Settings.Leaf;
            AttentionTask piece = task;
            piece.Rows = Math.Min(task.Rows - row, tile - (place % tile));
            piece.Query += row * task.QueryRowStride;
            piece.Positions += row;
            piece.Output += row * task.OutputRowStride;
            if (task.LogSumExp != null) piece.LogSumExp += row * task.GroupHeads;
            kernel.Exact.Attend(piece, exactScratch);
            row += piece.Rows;
        }
    }

    /// <summary>A probe wants the log-sum-exps of exact attention, too.</summary>
    private AttentionTask ExactPart(AttentionTask part, HyperWorker own)
    {
        part.LogSumExp = Probe is null ? null : own.ExactSums(part.GroupHeads * part.Rows);
        return part;
    }

    /// <summary>Sinks and band exactly: the states that the nodes go on from.</summary>
    private void BeginStates(in AttentionTask task, HyperWorker own, byte* exactScratch)
    {
        int block = task.Positions[0] / Settings.Leaf, last = task.Positions[task.Rows - 1];
        int band = Math.Max(0, block - Settings.BandBlocks) * Settings.Leaf;
        int sinks = Math.Min(Settings.Sinks, band), column = 0;
        for (int i = 0; i < own.Runs; i++)
        {
            (int begin, int end) = own.Run(i);
            AttentionTask part = Heads(task, begin, end);
            part.First = new SlotRange(0, sinks);
            part.Second = new SlotRange(band, last + 1);
            part.Output = own.Queries.Sums(column);
            part.OutputHeadStride = own.Queries.ValueElements;
            part.OutputRowStride = (nint)own.HeadCount * own.Queries.ValueElements;
            part.LogSumExp = own.LogSumExp;
            AttendPieces(part, exactScratch);
            for (int row = 0; row < task.Rows; row++)
            {
                for (int head = 0; head < end - begin; head++)
                {
                    int at = (row * own.HeadCount) + column + head;
                    own.Queries.Largest[at] = own.LogSumExp[(row * (end - begin)) + head];
                    HyperAttention.BeginFromExact(own.Queries, at);
                }
            }

            column += end - begin;
        }
    }

    private void RankQueries(in AttentionTask task, int layer, int kvHead, HyperWorker own)
    {
        float factor = HyperAttention.QueryFactor(task.Scale, task.SoftCap);
        for (int column = 0; column < own.HeadCount; column++)
        {
            int head = own.Head(column);
            float* query = task.Query + (head * task.QueryHeadStride);
            for (int first = 0; first < task.Rows; first += ProjectedRows)
            {
                int few = Math.Min(ProjectedRows, task.Rows - first);
                kernel.Project(query + (first * task.QueryRowStride), task.QueryRowStride, few, planes,
                    own.Projections);
                for (int i = 0; i < few; i++)
                {
                    int at = ((first + i) * own.HeadCount) + column;
                    own.Queries.Ranks[at] = queryRanks[layer]!.Rank((kvHead * task.GroupHeads) + head,
                        own.Projections + (i * HyperPlanes.Width));
                    kernel.Scale(query + ((first + i) * task.QueryRowStride), task.KeyDimension, factor,
                        own.Queries.Scaled(at), own.Queries.KeyElements);
                }
            }
        }
    }

    private void AttendNodes(in AttentionTask task, int layer, int kvHead, HyperWorker own)
    {
        HyperKeys keys = KeysOf(task, layer, kvHead);
        int block = task.Positions[0] / Settings.Leaf, queries = task.Rows * own.HeadCount;
        for (int run = 0; HyperPlan.PrefixRun(block, Settings.BandBlocks, run, out _, out int end); run++)
        {
            HyperNode node = own.Node;
            runs.Set(node, shapes[layer].Group, kvHead, end, own.Queries, queries);
            if (!runs.HasTiles) kernel.PackSamples(node, keys, own.Scratch);
            for (int i = 0; i < node.Blocks; i++) kernel.AttendBlock(node, i, keys, own.Queries, own.Scratch);
        }
    }

    private HyperKeys KeysOf(in AttentionTask task, int layer, int kvHead) => new()
    {
        Keys = task.Keys,
        Values = task.Values,
        KeyRowBytes = task.KeyRowBytes,
        ValueRowBytes = task.ValueRowBytes,
        KeyType = task.KeyType,
        ValueType = task.ValueType,
        KeyDimension = task.KeyDimension,
        ValueDimension = task.ValueDimension,
        Ranks = RanksOf(shapes[layer].Group, kvHead),
        SoftCap = task.SoftCap,
    };

    private void Finish(in AttentionTask task, int layer, int kvHead, HyperWorker own)
    {
        for (int row = 0; row < task.Rows; row++)
        {
            for (int column = 0; column < own.HeadCount; column++)
            {
                int head = own.Head(column), at = (row * own.HeadCount) + column;
                float* output = task.Output + (row * task.OutputRowStride) + (head * task.OutputHeadStride);
                float* sums = own.Queries.Sums(at);
                float total = own.Queries.Total[at], factor = total > 0 ? 1 / total : total;
                if (Probe is null)
                {
                    for (int k = 0; k < task.ValueDimension; k++) output[k] = sums[k] * factor;
                    continue;
                }

                float sum = (own.Queries.Largest[at] + MathF.Log2(total)) / 1.4426950408889634f;
                Probe.Add(layer, (kvHead * task.GroupHeads) + head, task.Positions[row], sums, factor, output,
                    task.ValueDimension, sum - own.ExactSumOf(row, head, task.Rows));
            }
        }
    }
}
