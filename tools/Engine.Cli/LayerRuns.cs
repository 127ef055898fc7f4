using Engine.Attention;
using Engine.Attention.Hyper;
using Engine.Cache;
using Engine.Memory;
using Engine.Transformer;

namespace Engine.Cli;

/// <summary>Exact attention of a head, or of every so many-th of its queries.</summary>
internal sealed unsafe class ExactLayer : IDisposable
{
    private const int Dimension = LayerInputs.Dimension;

    private readonly LayerCase what;
    private readonly LayerInputs inputs;
    private readonly AlignedBuffer<float> output, sums;
    private readonly AlignedBuffer<int> slots, positions;

    public ExactLayer(LayerCase what, LayerInputs inputs, int workers)
    {
        this.what = what;
        this.inputs = inputs;
        int n = what.Length, step = what.ExactEvery;
        // The middle of each step, so that the mean position is that of all.
        FirstQuery = Math.Min(step / 2, n - 1);
        Rows = (n - FirstQuery + step - 1) / step;
        output = new AlignedBuffer<float>((nint)Rows * Dimension);
        sums = new AlignedBuffer<float>(Rows);
        // The system gives memory when it is first touched, which is no part of the time.
        new Span<float>(output.Pointer, (int)output.Count).Clear();
        slots = new AlignedBuffer<int>(n + 64);
        positions = new AlignedBuffer<int>(Rows);
        for (int i = 0; i < n; i++) slots.Pointer[i] = i;
        for (int i = 0; i < Rows; i++) positions.Pointer[i] = what.Causal ? FirstQuery + (i * step) : n - 1;
        Scratch = new AlignedBuffer<byte>[workers];
        for (int i = 0; i < workers; i++) Scratch[i] = new AlignedBuffer<byte>(ExactAttention.ScratchBytes);
    }

    public int Length => what.Length;

    /// <summary>Queries that are computed: this one and every so many-th after it.</summary>
    public int FirstQuery { get; }

    public int Rows { get; }

    public float* Output => output.Pointer;

    public float* LogSumExp => sums.Pointer;

    public AlignedBuffer<byte>[] Scratch { get; }

    public long Bytes => (output.Count + sums.Count + slots.Count + positions.Count) * (long)sizeof(float);

    /// <summary>The task of all rows; of a causal layer, as far as rows before <paramref name="end"/> see.</summary>
    public AttentionTask Task(int end) => new()
    {
        Query = inputs.Queries.Pointer + ((nint)FirstQuery * Dimension),
        QueryRowStride = (nint)what.ExactEvery * Dimension,
        GroupHeads = 1,
        Positions = positions.Pointer,
        Keys = (byte*)inputs.Keys.Pointer,
        Values = (byte*)inputs.Values.Pointer,
        KeyRowBytes = Dimension * sizeof(float),
        ValueRowBytes = Dimension * sizeof(float),
        KeyType = CacheType.F32,
        ValueType = CacheType.F32,
        SlotPositions = slots.Pointer,
        First = new SlotRange(0, positions.Pointer[end - 1] + 1),
        KeyDimension = Dimension,
        ValueDimension = Dimension,
        Scale = what.Source.Scale,
        Output = output.Pointer,
        OutputRowStride = Dimension,
        LogSumExp = sums.Pointer,
    };

    public void Dispose()
    {
        output.Dispose();
        sums.Dispose();
        slots.Dispose();
        positions.Dispose();
        foreach (AlignedBuffer<byte> one in Scratch) one.Dispose();
    }
}

/// <summary>HyperAttention of a head with one of the settings, and its time.</summary>
internal sealed unsafe class HyperRun : IDisposable
{
    private readonly LayerCase what;
    private readonly LayerInputs inputs;
    private readonly HyperPlanes planes;
    private readonly AlignedBuffer<float> output, sums;

    public HyperRun(HyperAttention kernel, LayerCase what, HyperSettings settings, LayerInputs inputs, int workers)
    {
        this.what = what;
        this.inputs = inputs;
        Settings = settings;
        planes = new HyperPlanes(settings.Hyperplanes, LayerInputs.Dimension, settings.Seed);
        Layer = new HyperLayer(kernel, settings, planes, what.Causal, what.Length, what.Length, LayerInputs.Dimension,
            workers);
        output = new AlignedBuffer<float>((nint)what.Length * LayerInputs.Dimension);
        sums = new AlignedBuffer<float>(what.Length);
    }

    public HyperSettings Settings { get; }

    public HyperLayer Layer { get; }

    public int Length => what.Length;

    public float* Output => output.Pointer;

    public float* LogSumExp => sums.Pointer;

    public double Milliseconds { get; set; }

    public LayerTimes Times { get; set; }

    public long Bytes => Layer.Bytes + ((output.Count + sums.Count) * sizeof(float));

    /// <summary>Gives the layer the inputs, which hold a head.</summary>
    public void Begin(int head) => Layer.Begin(new HyperInput
    {
        Queries = inputs.Queries.Pointer,
        QueryStride = LayerInputs.Dimension,
        Keys = inputs.Keys.Pointer,
        KeyStride = LayerInputs.Dimension,
        Values = inputs.Values.Pointer,
        ValueStride = LayerInputs.Dimension,
        ValueDimension = LayerInputs.Dimension,
        Scale = what.Source.Scale,
        Head = head,
        Output = output.Pointer,
        OutputStride = LayerInputs.Dimension,
        LogSumExp = sums.Pointer,
    });

    public void Dispose()
    {
        Layer.Dispose();
        planes.Dispose();
        output.Dispose();
        sums.Dispose();
    }
}
