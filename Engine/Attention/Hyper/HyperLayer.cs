using Engine.Cache;
using Engine.Memory;

namespace Engine.Attention.Hyper;

/// <summary>HyperAttention of one head over a whole call, as in the paper: means and ranks over the call, then exact
/// ranges, then node after node. For measurements and vectors: a session freezes its
/// means and takes rows as they come.</summary>
/// <remarks>Work comes in phases, each of independent chunks. Everything is reserved by the constructor.</remarks>
internal sealed unsafe class HyperLayer : IDisposable
{
    private const int ChunkRows = 1024;

    private readonly HyperAttention kernel;
    private readonly HyperSettings settings;
    private readonly HyperPlanes planes;
    private readonly HyperPlan plan;
    private readonly bool causal;
    private readonly int queryCount, keyCount;
    private readonly int largestKeys, largestQueries;
    private readonly HyperQueries queries;
    private readonly IKeyChoice choice;
    private readonly HyperNode node;
    private readonly HyperScratch[] scratch;
    private readonly AlignedBuffer<byte>[] exactScratch;
    private readonly AlignedBuffer<float>[] projections;
    private readonly AlignedBuffer<float> thresholds;
    private readonly AlignedBuffer<byte> keyRanks;
    private readonly AlignedBuffer<int> identity, last;
    private HyperInput input;
    private HyperKeys keys;
    private bool ranksGiven;

    /// <summary>Reserves a call's memory; the queries of a causal one are the last of its keys' positions.</summary>
    public HyperLayer(HyperAttention kernel, HyperSettings settings, HyperPlanes planes, bool causal, int queryCount,
        int keyCount, int valueDimension, int workers)
    {
        this.kernel = kernel;
        this.settings = settings;
        this.planes = planes;
        this.causal = causal;
        this.queryCount = queryCount;
        this.keyCount = keyCount;
        int tile = kernel.Exact.RowTile;
        plan = causal ? HyperPlan.Causal(settings, queryCount, keyCount - queryCount, tile)
            : HyperPlan.Unmasked(settings, queryCount, keyCount, tile);
        queries = new HyperQueries(queryCount, planes.Dimension, valueDimension);
        foreach (NodeRange range in plan.Nodes)
        {
            largestKeys = Math.Max(largestKeys, range.Keys);
            largestQueries = Math.Max(largestQueries, range.Queries);
        }

        choice = kernel.Choice(settings, largestKeys, largestQueries, queries.KeyElements,
            queries.ValueElements);
        node = new HyperNode(settings, choice, largestKeys, largestQueries, queries.KeyElements,
            queries.ValueElements);
        scratch = new HyperScratch[workers];
        exactScratch = new AlignedBuffer<byte>[workers];
        projections = new AlignedBuffer<float>[workers];
        for (int worker = 0; worker < workers; worker++)
        {
            scratch[worker] = new HyperScratch(settings, keyCount, queries.KeyElements, queries.ValueElements);
            exactScratch[worker] = new AlignedBuffer<byte>(ExactAttention.ScratchBytes);
            projections[worker] = new AlignedBuffer<float>(ChunkRows * HyperPlanes.Width);
        }

        thresholds = new AlignedBuffer<float>(2 * HyperPlanes.Width);
        keyRanks = new AlignedBuffer<byte>(keyCount);
        identity = new AlignedBuffer<int>(keyCount + 64);
        last = new AlignedBuffer<int>(tile);
        for (int i = 0; i < keyCount; i++) identity.Pointer[i] = i;
        new Span<int>(last.Pointer, tile).Fill(keyCount);
    }

    public IReadOnlyList<NodeRange> Nodes => plan.Nodes;

    /// <summary>Ranks, exact ranges, every node, and the outputs.</summary>
    public int Phases => plan.Nodes.Count + 3;

    /// <summary>Ranks as they were computed or given.</summary>
    public ReadOnlySpan<byte> KeyRanks => new(keyRanks.Pointer, keyCount);
    public ReadOnlySpan<byte> QueryRanks => new(queries.Ranks, queryCount);

    /// <summary>Samples that a node is to take, in place of drawn ones; null = drawn.</summary>
    public Func<NodeRange, int[]?>? GivenSamples { get; init; }

    /// <summary>Bytes that grow with the call.</summary>
    public long Bytes => queries.Bytes + keyRanks.Count + choice.Bytes
        + ((identity.Count + largestKeys + largestQueries) * (long)sizeof(int));

    /// <summary>Takes a call's memory; keys are f32, rows padded with zeros to whole blocks of 32.</summary>
    public void Begin(in HyperInput call)
    {
        input = call;
        ranksGiven = false;
        keys = new HyperKeys
        {
            Keys = (byte*)call.Keys,
            Values = (byte*)call.Values,
            KeyRowBytes = call.KeyStride * sizeof(float),
            ValueRowBytes = call.ValueStride * sizeof(float),
            KeyType = CacheType.F32,
            ValueType = CacheType.F32,
            KeyDimension = planes.Dimension,
            ValueDimension = call.ValueDimension,
            Ranks = keyRanks.Pointer,
            SampleKey = HyperRandom.Key(settings.Seed, call.Head, 0),
        };
    }

    /// <summary>The seam: ranks of this call in place of those by hyperplanes.</summary>
    public void GiveRanks(ReadOnlySpan<byte> ofQueries, ReadOnlySpan<byte> ofKeys)
    {
        ofQueries.CopyTo(new Span<byte>(queries.Ranks, queryCount));
        ofKeys.CopyTo(new Span<byte>(keyRanks.Pointer, keyCount));
        ranksGiven = true;
    }

    /// <summary>Prepares a phase and tells its chunks.</summary>
    public int BeginPhase(int phase)
    {
        if (phase == 0)
        {
            if (!ranksGiven)
            {
                Threshold(input.Queries, input.QueryStride, queryCount, thresholds.Pointer);
                Threshold(input.Keys, input.KeyStride, keyCount, thresholds.Pointer + HyperPlanes.Width);
            }

            return Chunks(queryCount) + Chunks(keyCount);
        }

        if (phase == 1) return plan.Exact.Count;
        if (phase == Phases - 1) return Chunks(queryCount);
        NodeRange range = plan.Nodes[phase - 2];
        node.Set(range, keys, queries, GivenSamples?.Invoke(range));
        kernel.PackSamples(node, keys, scratch[0]);
        return node.Blocks;
    }

    /// <summary>Does one chunk of the phase.</summary>
    public void Run(int phase, int chunk, int worker)
    {
        if (phase == 0) RankChunk(chunk, worker);
        else if (phase == 1) AttendExact(plan.Exact[chunk], worker);
        else if (phase == Phases - 1) Finish(chunk * ChunkRows, Math.Min((chunk + 1) * ChunkRows, queryCount));
        else kernel.AttendBlock(node, chunk, keys, queries, scratch[worker]);
    }

    /// <summary>All phases on the calling thread.</summary>
    public void Run()
    {
        for (int phase = 0; phase < Phases; phase++)
        {
            int chunks = BeginPhase(phase);
            for (int chunk = 0; chunk < chunks; chunk++) Run(phase, chunk, 0);
        }
    }

    public void Dispose()
    {
        queries.Dispose();
        node.Dispose();
        foreach (HyperScratch one in scratch) one.Dispose();
        foreach (AlignedBuffer<byte> one in exactScratch) one.Dispose();
        foreach (AlignedBuffer<float> one in projections) one.Dispose();
        thresholds.Dispose();
        keyRanks.Dispose();
        identity.Dispose();
        last.Dispose();
    }

    private static int Chunks(int rows) => (rows + ChunkRows - 1) / ChunkRows;

    /// <summary>The projections of the mean: a bit of a rank tells on which side of it a row lies.</summary>
    private void Threshold(float* rows, nint stride, int count, float* result)
    {
        int dimension = planes.Dimension;
        double* sums = stackalloc double[dimension];
        new Span<double>(sums, dimension).Clear();
        // Few rows at a time, so that single precision keeps what matters.
        const int Few = 32;
        for (int row = 0; row < count; row += Few)
            kernel.AddRows(rows + (row * stride), stride, Math.Min(Few, count - row), dimension, sums);
        float* mean = stackalloc float[dimension];
        for (int k = 0; k < dimension; k++) mean[k] = (float)(sums[k] / count);
        kernel.Project(mean, 0, 1, planes, result);
    }

    private void RankChunk(int chunk, int worker)
    {
        float* projected = projections[worker].Pointer;
        bool ofKeys = chunk >= Chunks(queryCount);
        int first = (ofKeys ? chunk - Chunks(queryCount) : chunk) * ChunkRows;
        int count = Math.Min(ChunkRows, (ofKeys ? keyCount : queryCount) - first);
        if (!ofKeys)
        {
            float factor = HyperAttention.QueryFactor(input.Scale, 0);
            for (int row = first; row < first + count; row++)
                kernel.Scale(input.Queries + (row * input.QueryStride), planes.Dimension, factor, queries.Scaled(row),
                    queries.KeyElements);
        }

        if (ranksGiven) return;
        float* rows = ofKeys ? input.Keys + (first * input.KeyStride) : input.Queries + (first * input.QueryStride);
        kernel.Project(rows, ofKeys ? input.KeyStride : input.QueryStride, count, planes, projected);
        byte* ranks = (ofKeys ? keyRanks.Pointer : queries.Ranks) + first;
        float* limits = thresholds.Pointer + (ofKeys ? HyperPlanes.Width : 0);
        for (int i = 0; i < count; i++)
            ranks[i] = HyperPlanes.Rank(projected + (i * HyperPlanes.Width), limits, planes.Count);
    }

    private void AttendExact(in ExactRange range, int worker)
    {
        int rows = range.EndQuery - range.FirstQuery, sinks = Math.Min(settings.Sinks, range.EndKey);
        if (!causal && sinks == 0)
        {
            BeginEmpty(range);
            return;
        }

        int past = keyCount - queryCount;
        var task = new AttentionTask
        {
            Query = input.Queries + (range.FirstQuery * input.QueryStride),
            QueryRowStride = input.QueryStride,
            Rows = rows,
            GroupHeads = 1,
            Positions = causal ? identity.Pointer + past + range.FirstQuery : last.Pointer,
            Keys = keys.Keys,
            Values = keys.Values,
            KeyRowBytes = keys.KeyRowBytes,
            ValueRowBytes = keys.ValueRowBytes,
            SlotPositions = identity.Pointer,
            First = new SlotRange(0, sinks),
            Second = new SlotRange(Math.Max(sinks, range.FirstKey), Math.Max(sinks, range.EndKey)),
            KeyDimension = keys.KeyDimension,
            ValueDimension = keys.ValueDimension,
            Scale = input.Scale,
            Output = queries.Sums(range.FirstQuery),
            OutputRowStride = queries.ValueElements,
            LogSumExp = queries.Largest + range.FirstQuery,
        };
        kernel.Exact.Attend(task, exactScratch[worker].Pointer);
        for (int row = range.FirstQuery; row < range.EndQuery; row++) HyperAttention.BeginFromExact(queries, row);
    }

    private void BeginEmpty(in ExactRange range)
    {
        int rows = range.EndQuery - range.FirstQuery;
        new Span<float>(queries.Sums(range.FirstQuery), rows * queries.ValueElements).Clear();
        new Span<float>(queries.Largest + range.FirstQuery, rows).Fill(HyperAttention.NothingSeen);
        new Span<float>(queries.Total + range.FirstQuery, rows).Clear();
    }

    private void Finish(int begin, int end)
    {
        for (int row = begin; row < end; row++)
        {
            float* sums = queries.Sums(row), output = input.Output + (row * input.OutputStride);
            float factor = queries.Total[row] > 0 ? 1 / queries.Total[row] : queries.Total[row];
            kernel.Scale(sums, input.ValueDimension, factor, output, input.ValueDimension);
            if (input.LogSumExp != null)
            {
                input.LogSumExp[row] =
                    (float)((queries.Largest[row] + Math.Log2(queries.Total[row])) / 1.4426950408889634);
            }
        }
    }
}
