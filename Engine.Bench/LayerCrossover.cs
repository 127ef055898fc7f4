using System.Diagnostics;
using Engine.Attention;
using Engine.Attention.Hyper;
using Engine.Cache;
using Engine.Isa;
using Engine.Kernels;
using Engine.Memory;

namespace Engine.Bench;

/// <summary>One block of queries: the part of its keys that approximating it saves, and the time of either way.
/// </summary>
internal sealed record CrossoverRow(int Position, float? CountedSaving, bool IsAuto, double ExactMilliseconds,
    double HyperMilliseconds);

/// <summary>From which position on approximate attention of a session is faster than exact: one layer with the shape of
/// SmolLM2 (9 heads, 3 of keys, 64 elements, f16 cache), the default options, block after block.</summary>
internal sealed unsafe class LayerCrossover : IDisposable
{
    private const int Heads = 9, KvHeads = 3, Group = Heads / KvHeads, Dimension = 64;

    private readonly HyperSettings settings = new();
    private readonly int length;
    private readonly HyperAttention kernel = HyperAttention.For(InstructionSets.Best);
    private readonly HyperSequence sequence;
    private readonly AlignedBuffer<float> rows, output;
    private readonly AlignedBuffer<ushort> cache;
    private readonly AlignedBuffer<int> positions;
    private readonly AlignedBuffer<byte> scratch = new(ExactAttention.ScratchBytes);

    public LayerCrossover(int length)
    {
        this.length = length;
        var all = new bool[Heads];
        Array.Fill(all, true);
        sequence = new HyperSequence(kernel, settings, new HyperPolicy([all]), [new HyperShape(Heads, KvHeads, 0, 0)],
            Dimension, Dimension, length, 1);
        rows = new AlignedBuffer<float>((nint)length * Heads * Dimension);
        output = new AlignedBuffer<float>(rows.Count);
        cache = new AlignedBuffer<ushort>(2 * (nint)length * KvHeads * Dimension);
        positions = new AlignedBuffer<int>(length + 64);
        ulong key = HyperRandom.Key(3, 0, 0);
        for (int i = 0; i < rows.Count; i++) rows.Pointer[i] = (float)HyperRandom.Gaussian(key, i);
        VectorKernels kernels = VectorKernels.For(InstructionSets.Best);
        // Keys and values are beginnings of the queries' numbers: only times are measured.
        for (int part = 0; part < 2 * KvHeads; part++)
        {
            for (int row = 0; row < length; row++)
                kernels.ToHalf(rows.Pointer + ((((nint)part * length) + row) * Dimension),
                    cache.Pointer + ((((nint)part * length) + row) * Dimension), Dimension);
        }

        for (int i = 0; i < length; i++) positions.Pointer[i] = i;
        for (int head = 0; head < KvHeads; head++)
            sequence.RankKeys(0, head, rows.Pointer + ((nint)head * length * Dimension), Dimension, 0, length, 0);
        for (int head = 0; head < Heads; head++)
            sequence.ObserveQueries(0, head, rows.Pointer + (head * Dimension), Heads * Dimension, 0, settings.Leaf, 0);
    }

    /// <summary>Measures every block that approximate attention could take, and those before it exactly.</summary>
    public List<CrossoverRow> Measure(int repetitions, float autoSaving)
    {
        var found = new List<CrossoverRow>();
        int blocks = length / settings.Leaf;
        for (int i = 0; i < 20; i++) Both(Math.Min(6, blocks - 1));
        for (int block = 0; block < blocks; block++)
        {
            double exact = double.PositiveInfinity, hyper = double.PositiveInfinity;
            for (int i = 0; i < repetitions; i++)
            {
                (double exactNow, double hyperNow) = Both(block);
                exact = Math.Min(exact, exactNow);
                hyper = Math.Min(hyper, hyperNow);
            }

            float? saving = sequence.Saving(block);
            found.Add(new CrossoverRow(block * settings.Leaf, saving, saving >= autoSaving, exact,
                saving is null ? exact : hyper));
        }

        return found;
    }

    public void Dispose()
    {
        sequence.Dispose();
        rows.Dispose();
        output.Dispose();
        cache.Dispose();
        positions.Dispose();
        scratch.Dispose();
    }

    private (double Exact, double Hyper) Both(int block)
    {
        long begin = Stopwatch.GetTimestamp();
        int first = block * settings.Leaf, end = first + settings.Leaf, tile = kernel.Exact.RowTile;
        for (int head = 0; head < KvHeads; head++)
        {
            for (int row = first; row < end; row += tile)
                kernel.Exact.Attend(Task(row, Math.Min(tile, end - row), head), scratch.Pointer);
        }

        double exact = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
        if (sequence.Saving(block) is null) return (exact, exact);
        begin = Stopwatch.GetTimestamp();
        for (int head = 0; head < KvHeads; head++)
        {
            for (int row = first, step = sequence.RowsPerTask; row < end; row += step)
                sequence.Attend(Task(row, Math.Min(step, end - row), head), 0, head, 0, scratch.Pointer);
        }

        return (exact, Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
    }

    private AttentionTask Task(int row, int count, int kvHead) => new()
    {
        Query = rows.Pointer + ((((nint)row * Heads) + (kvHead * Group)) * Dimension),
        QueryRowStride = Heads * Dimension,
        QueryHeadStride = Dimension,
        Rows = count,
        GroupHeads = Group,
        Positions = positions.Pointer + row,
        Keys = (byte*)(cache.Pointer + ((nint)kvHead * length * Dimension)),
        Values = (byte*)(cache.Pointer + ((nint)(KvHeads + kvHead) * length * Dimension)),
        KeyRowBytes = Dimension * sizeof(ushort),
        ValueRowBytes = Dimension * sizeof(ushort),
        KeyType = CacheType.F16,
        ValueType = CacheType.F16,
        SlotPositions = positions.Pointer,
        First = new SlotRange(0, row + count),
        KeyDimension = Dimension,
        ValueDimension = Dimension,
        Scale = 1 / MathF.Sqrt(Dimension),
        Output = output.Pointer + ((((nint)row * Heads) + (kvHead * Group)) * Dimension),
        OutputRowStride = Heads * Dimension,
        OutputHeadStride = Dimension,
    };
}
