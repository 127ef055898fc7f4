using Engine.Attention;
using Engine.Kernels;
using Engine.Memory;

namespace Engine.Transformer;

/// <summary>Memory of a forward step, sized once from the configuration, and what its rows are.</summary>
internal sealed unsafe class ForwardState : IDisposable
{
    private readonly AlignedBuffer<float> hidden;
    private readonly AlignedBuffer<float> queries;
    private readonly AlignedBuffer<float> keys;
    private readonly AlignedBuffer<float> values;
    private readonly AlignedBuffer<float> blockOutput;
    private readonly AlignedBuffer<float> up;
    private readonly AlignedBuffer<float> angles;
    private readonly AlignedBuffer<byte> scratch;
    private readonly AlignedBuffer<int> positions;
    private readonly int[] runOfRow;
    private readonly bool[] wanted;

    public ForwardState(ModelConfig config, ModelWeights weights, KernelSet kernels, int batchRows, int workers)
    {
        Config = config;
        Kernels = kernels;
        BatchRows = batchRows;
        int heads = config.Layers.Max(layer => layer.Heads), kvHeads = config.Layers.Max(layer => layer.KvHeads);
        int feedForward = config.Layers.Max(layer => layer.FeedForward);
        HiddenStride = Round(config.Embedding);
        QueryStride = Round(heads * config.KeyDimension);
        KeyStride = Round(kvHeads * config.KeyDimension);
        ValueStride = Round(kvHeads * config.ValueDimension);
        UpStride = Round(feedForward);
        AnglesPerVariant = Round(Math.Max(config.RopeDimensions, 2));
        hidden = new AlignedBuffer<float>(batchRows * HiddenStride);
        queries = new AlignedBuffer<float>(batchRows * QueryStride);
        keys = new AlignedBuffer<float>(batchRows * KeyStride);
        values = new AlignedBuffer<float>(batchRows * ValueStride);
        blockOutput = new AlignedBuffer<float>(batchRows * HiddenStride);
        up = new AlignedBuffer<float>(config.Gated ? batchRows * UpStride : 0);
        angles = new AlignedBuffer<float>(batchRows * AnglesPerRow);
        scratch = new AlignedBuffer<byte>((nint)workers * ScratchStride);
        positions = new AlignedBuffer<int>(batchRows + 16);
        runOfRow = new int[batchRows];
        wanted = new bool[batchRows];
        Tiles = new AttentionTiles(batchRows);
        AttentionStates = new AttentionStates(config, workers);
        bool separateKv = weights.Layers.Any(layer => layer.KvNorm.Weight is not null);
        ActivationKinds projections = Kinds(weights.Layers,
                layer => [layer.Query, layer.Key, layer.Value, layer.Gate, layer.Up])
            | weights.Output.Kernel.Input;
        Input = new ActivationBuffer(kernels.Vector, batchRows, config.Embedding, projections);
        KvInput = separateKv ? new ActivationBuffer(kernels.Vector, batchRows, config.Embedding,
            Kinds(weights.Layers, layer => [layer.Key, layer.Value])) : Input;
        AttentionOutput = new ActivationBuffer(kernels.Vector, batchRows, heads * config.ValueDimension,
            Kinds(weights.Layers, layer => [layer.Output]));
        Activated = new ActivationBuffer(kernels.Vector, batchRows, feedForward,
            Kinds(weights.Layers, layer => [layer.Down]));
    }

    public ModelConfig Config { get; }

    public KernelSet Kernels { get; }

    public VectorKernels Vector => Kernels.Vector;

    /// <summary>Rows that a step may have.</summary>
    public int BatchRows { get; }

    public nint HiddenStride { get; }

    public nint QueryStride { get; }

    public nint KeyStride { get; }

    public nint ValueStride { get; }

    public nint UpStride { get; }

    public nint AnglesPerVariant { get; }

    public nint AnglesPerRow => Math.Max(1, Config.Ropes.Count) * AnglesPerVariant;

    /// <summary>Normed and quantised input of the projections; of gate and up too.</summary>
    public ActivationBuffer Input { get; }

    /// <summary>Input of keys and values where they have a norm of their own; else <see cref="Input"/>.</summary>
    public ActivationBuffer KvInput { get; }

    public ActivationBuffer AttentionOutput { get; }

    /// <summary>act(gate) · up, the input of the down projection; the gate is computed in place.</summary>
    public ActivationBuffer Activated { get; }

    /// <summary>What attention has to do in this step.</summary>
    public AttentionTiles Tiles { get; }

    /// <summary>Where attention leaves what it knows of rows after a piece of their cache.</summary>
    public AttentionStates AttentionStates { get; }

    /// <summary>Rows that are being computed: all of the step, later those that need logits.</summary>
    public int Rows { get; private set; }

    /// <summary>The layer whose stage runs.</summary>
    public LayerWeights Layer { get; set; } = null!;

    public StepBatch Batch { get; private set; } = null!;

    /// <summary>True if attention of a sequence in this step may be approximate.</summary>
    public bool HasHyper { get; private set; }

    public int* Positions => positions.Pointer;

    private static nint ScratchStride =>
        Math.Max(LinearKernel.ScratchBytes, ExactAttention.ScratchBytes) + AlignedBuffer<byte>.Alignment;

    public float* Hidden(int row) => hidden.Pointer + row * HiddenStride;

    public float* Queries(int row) => queries.Pointer + row * QueryStride;

    public float* Keys(int row) => keys.Pointer + row * KeyStride;

    public float* Values(int row) => values.Pointer + row * ValueStride;

    /// <summary>Output of attention's or feed-forward's last projection.</summary>
    public float* BlockOutput(int row) => blockOutput.Pointer + row * HiddenStride;

    public float* Up(int row) => up.Pointer + row * UpStride;

    public float* Cosines(int row, int variant) => angles.Pointer + row * AnglesPerRow + variant * AnglesPerVariant;

    public float* Sines(int row, int variant) => Cosines(row, variant) + Config.RopeDimensions / 2;

    public byte* Scratch(int worker) => scratch.Pointer + worker * ScratchStride;

    /// <summary>The sequence that a row belongs to.</summary>
    public Sequence SequenceOf(int row) => Batch.Runs[runOfRow[row]].Sequence;

    /// <summary>True if a sequence of the step selects pages.</summary>
    public bool HasPages { get; private set; }

    /// <summary>Takes a step's rows, whose sequences have room for them, and appends them.</summary>
    public void Begin(StepBatch batch)
    {
        Batch = batch;
        Rows = batch.Rows;
        HasPages = false;
        HasHyper = false;
        for (int run = 0; run < batch.Runs.Length; run++)
        {
            StepBatch.Run r = batch.Runs[run];
            int position = r.Sequence.Cache.NextPosition;
            for (int i = 0; i < r.Count; i++)
            {
                Positions[r.First + i] = position + i;
                runOfRow[r.First + i] = run;
                wanted[r.First + i] = r.Wanted == WantedLogits.All
                    || (r.Wanted == WantedLogits.Last && i == r.Count - 1);
            }

            r.Sequence.Hyper?.Observe(position, r.Count);
            HasHyper |= r.Sequence.Hyper is not null;
            r.Sequence.Cache.Append(r.Count);
            HasPages |= r.Sequence.Cache.HasPages;
        }

        CutTiles();
    }

    /// <summary>Goes on with the rows that need logits only; the others have written what later rows read of them.
    /// </summary>
    public void KeepWantedRows()
    {
        int kept = 0;
        for (int row = 0; row < Rows; row++)
        {
            if (!wanted[row]) continue;
            if (kept != row) Move(row, kept);
            kept++;
        }

        if (kept == Rows) return;
        Rows = kept;
        CutTiles();
    }

    public void Dispose()
    {
        foreach (IDisposable buffer in new IDisposable[]
        {
            hidden, queries, keys, values, blockOutput, up, angles, scratch, positions, Input, KvInput,
            AttentionOutput, Activated, AttentionStates,
        })
            buffer.Dispose();
    }

    private static nint Round(int count) => (nint)((count + 15) / 16) * 16;

    private static ActivationKinds Kinds(LayerWeights[] layers, Func<LayerWeights, Linear?[]> linears) =>
        layers.SelectMany(linears).Where(linear => linear is not null)
            .Aggregate(default(ActivationKinds), (kinds, linear) => kinds | linear!.Kernel.Input);

    private void Move(int from, int to)
    {
        Copy(Hidden(from), Hidden(to), HiddenStride);
        Copy(Queries(from), Queries(to), QueryStride);
        Copy(angles.Pointer + from * AnglesPerRow, angles.Pointer + to * AnglesPerRow, AnglesPerRow);
        // A parallel feed-forward still reads the normed input.
        Copy(Input.Row(from), Input.Row(to), Input.ValueStride);
        Input.Prepare(to, Config.Embedding);
        Positions[to] = Positions[from];
        runOfRow[to] = runOfRow[from];
        wanted[to] = true;

        static void Copy(float* source, float* destination, nint count) =>
            Buffer.MemoryCopy(source, destination, count * sizeof(float), count * sizeof(float));
    }

    /// <summary>Cuts the rows that are computed into tiles.</summary>
    /// <param name="taken">Tells of the rows [first, end) of one sequence whether somebody else cuts them.</param>
    public void CutTiles(Func<int, int, bool>? taken = null)
    {
        Tiles.Clear();
        int row = 0;
        while (row < Rows)
        {
            int end = row + 1;
            while (end < Rows && runOfRow[end] == runOfRow[row]) end++;
            if (taken is not null && taken(row, end))
            {
                row = end;
                continue;
            }

            // A tile's sums are rounded in another order than a row's: rows of a short run must not depend on each
            // other, so that what is guessed ahead gets the very bits that it would get one by one.
            bool alone = end - row <= ForwardPass.IndependentRows;
            Tiles.Add(row, end - row, alone ? end - row : RowTile, alone);
            row = end;
        }
    }

    /// <summary>Query rows that attention takes at a time.</summary>
    public required int RowTile { get; init; }
}
