using Engine.Cache;
using Engine.Isa;
using Engine.Kernels;
using Engine.Memory;

namespace Engine.Attention;

/// <summary>Random memory for one shape, the task over it, and the answer in double precision.</summary>
internal sealed unsafe class AttentionCase : IDisposable
{
    private static readonly VectorKernels Scalar = VectorKernels.For(InstructionSet.Scalar);

    private readonly AttentionShape shape;
    private readonly AlignedBuffer<float> queries, output, sinks, slopes;
    private readonly AlignedBuffer<byte> keys, values, scratch;
    private readonly AlignedBuffer<int> positions, slotPositions;

    public AttentionCase(AttentionShape shape, int seed)
    {
        this.shape = shape;
        var random = new Random(seed);
        // One float of offset leaves every query and output row unaligned.
        queries = new(((nint)shape.Rows * shape.Heads * shape.KeyDimension) + 1);
        output = new(((nint)shape.Rows * shape.Heads * shape.ValueDimension) + 1);
        sinks = new(shape.Heads);
        slopes = new(shape.Heads);
        positions = new(shape.Rows);
        slotPositions = new(shape.Slots);
        scratch = new(ExactAttention.ScratchBytes);
        new Span<byte>(scratch.Pointer, ExactAttention.ScratchBytes).Fill(0xFF);
        keys = Fill(random, shape.KeyType, shape.KeyDimension);
        values = Fill(random, shape.ValueType, shape.ValueDimension);
        for (nint i = 0; i < queries.Count; i++) queries.Pointer[i] = Gaussian(random);
        for (int h = 0; h < shape.Heads; h++)
        {
            sinks.Pointer[h] = Gaussian(random);
            slopes.Pointer[h] = MathF.Pow(2, -(h + 1));
        }

        for (int s = 0; s < shape.Slots; s++)
        {
            bool empty = shape.EmptyEvery > 0 && s % shape.EmptyEvery == 0;
            slotPositions.Pointer[s] = empty ? -1 : (s + shape.Slots - shape.Turn) % shape.Slots;
        }

        for (int r = 0; r < shape.Rows; r++)
            positions.Pointer[r] = Math.Max(0, shape.Slots - shape.Rows + r - shape.RowsBeforeEnd);
    }

    public Span<float> Output => new(output.Pointer + 1, (int)output.Count - 1);

    /// <summary>The task for rows [first, first + count).</summary>
    public AttentionTask Task(int first, int count) => new()
    {
        Query = queries.Pointer + 1 + ((nint)first * shape.Heads * shape.KeyDimension),
        QueryRowStride = (nint)shape.Heads * shape.KeyDimension,
        QueryHeadStride = shape.KeyDimension,
        Rows = count,
        GroupHeads = shape.Heads,
        Positions = positions.Pointer + first,
        Keys = keys.Pointer,
        Values = values.Pointer,
        KeyRowBytes = CacheRows.RowBytes(shape.KeyType, shape.KeyDimension),
        ValueRowBytes = CacheRows.RowBytes(shape.ValueType, shape.ValueDimension),
        KeyType = shape.KeyType,
        ValueType = shape.ValueType,
        SlotPositions = slotPositions.Pointer,
        First = new SlotRange(shape.Turn, shape.Slots),
        Second = new SlotRange(0, shape.Turn),
        KeyDimension = shape.KeyDimension,
        ValueDimension = shape.ValueDimension,
        Scale = 1 / MathF.Sqrt(shape.KeyDimension),
        SoftCap = shape.SoftCap,
        Window = shape.Window,
        SinkLogits = shape.Sinks ? sinks.Pointer : null,
        AlibiSlopes = shape.Alibi ? slopes.Pointer : null,
        Output = output.Pointer + 1 + ((nint)first * shape.Heads * shape.ValueDimension),
        OutputRowStride = (nint)shape.Heads * shape.ValueDimension,
        OutputHeadStride = shape.ValueDimension,
    };

    /// <summary>Runs the kernel over tasks of at most <paramref name="rowsPerTask"/> rows.</summary>
    public void Run(ExactAttention attention, int rowsPerTask)
    {
        Output.Fill(float.NaN);
        for (int first = 0; first < shape.Rows; first += rowsPerTask)
            attention.Attend(Task(first, Math.Min(rowsPerTask, shape.Rows - first)), scratch.Pointer);
    }

    /// <summary>The outputs of one query row by the definition, in double precision.</summary>
    public double[] Reference(int row, int head)
    {
        AttentionTask task = Task(0, shape.Rows);
        float* query = task.Query + (row * task.QueryRowStride) + (head * task.QueryHeadStride);
        var weights = new double[shape.Slots];
        double total = shape.Sinks ? Math.Exp(sinks.Pointer[head]) : 0;
        for (int s = 0; s < shape.Slots; s++)
        {
            int at = slotPositions.Pointer[s], p = positions.Pointer[row];
            if (at < 0 || at > p || (shape.Window > 0 && at <= p - shape.Window)) continue;
            double score = 0;
            for (int k = 0; k < shape.KeyDimension; k++)
                score += query[k] * (double)Element(keys.Pointer, shape.KeyType, task.KeyRowBytes, s, k);
            score *= task.Scale;
            if (shape.SoftCap > 0) score = shape.SoftCap * Math.Tanh(score / shape.SoftCap);
            if (shape.Alibi) score += slopes.Pointer[head] * (double)(at - p);
            weights[s] = Math.Exp(score);
            total += weights[s];
        }

        var result = new double[shape.ValueDimension];
        for (int s = 0; s < shape.Slots && total > 0; s++)
        {
            for (int k = 0; k < shape.ValueDimension && weights[s] > 0; k++)
                result[k] += weights[s] / total * Element(values.Pointer, shape.ValueType, task.ValueRowBytes, s, k);
        }

        return result;
    }

    public void Dispose()
    {
        foreach (IDisposable buffer in (IDisposable[])
            [queries, output, sinks, slopes, keys, values, scratch, positions, slotPositions])
        {
            buffer.Dispose();
        }
    }

    private static float Element(byte* rows, CacheType type, nint rowBytes, int slot, int k)
    {
        byte* row = rows + (slot * rowBytes);
        byte* block = row + (k / 32 * CacheRows.Q8BlockBytes);
        return type switch
        {
            CacheType.F32 => ((float*)row)[k],
            CacheType.F16 => HalfConversion.ToSingle(((ushort*)row)[k]),
            _ => HalfConversion.ToSingle(*(ushort*)block) * (sbyte)block[2 + (k % 32)],
        };
    }

    private static float Gaussian(Random random) =>
        (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));

    private AlignedBuffer<byte> Fill(Random random, CacheType type, int dimension)
    {
        int rowBytes = CacheRows.RowBytes(type, dimension), padded = CacheRows.PaddedElements(dimension);
        var rows = new AlignedBuffer<byte>((nint)rowBytes * shape.Slots);
        using var row = new AlignedBuffer<float>(dimension);
        for (int s = 0; s < shape.Slots; s++)
        {
            for (int k = 0; k < dimension; k++) row.Pointer[k] = 2 * Gaussian(random);
            CacheRows.Write(Scalar, type, row.Pointer, dimension, rows.Pointer + ((nint)s * rowBytes), padded);
        }

        return rows;
    }
}
