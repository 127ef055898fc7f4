using Engine.Attention;
using Engine.Attention.Hyper;
using Engine.Cache;
using Engine.Memory;

namespace Engine.Cli;

/// <summary>How far an engine's result is from a vector's: outputs relative to the largest expected value, log-sum-exps
/// absolutely.</summary>
internal sealed record AttentionErrors(double Output, double LogSumExp, double ExactOutput, double ExactLogSumExp,
    int RankDifferences)
{
    public const double Tolerance = 1e-4;

    /// <summary>NaN fails, too.</summary>
    public bool Passed => Output <= Tolerance && LogSumExp <= Tolerance && ExactOutput <= Tolerance
        && ExactLogSumExp <= Tolerance && RankDifferences == 0;
}

/// <summary>Computes a vector of HyperAttention on one instruction set.</summary>
internal sealed unsafe class AttentionVectorRun : IDisposable
{
    /// <summary>Projections closer to their threshold than this may round to either side.</summary>
    private const double RankRounding = 1e-5;

    private readonly AttentionVector vector;
    private readonly AlignedBuffer<float> queries, keys, values, output, logSumExp;
    private readonly int padded;

    public AttentionVectorRun(AttentionVector vector)
    {
        this.vector = vector;
        padded = CacheRows.PaddedElements(vector.Dimension);
        queries = Rows(vector.Q, vector.Queries, vector.Dimension);
        keys = Rows(vector.K, vector.Keys, padded);
        values = Rows(vector.V, vector.Keys, padded);
        output = new AlignedBuffer<float>((nint)vector.Queries * vector.Dimension);
        logSumExp = new AlignedBuffer<float>(vector.Queries);
    }

    /// <summary>Runs approximation and exact attention.</summary>
    /// <param name="kernel">Kernel of an instruction set.</param>
    /// <param name="exactWhereSmall">False: also nodes that are small enough to be exact are approximated.</param>
    /// <exception cref="InvalidDataException">The vector's nodes are not those of its sizes.</exception>
    public AttentionErrors Run(HyperAttention kernel, bool exactWhereSmall = true)
    {
        var settings = new HyperSettings
        {
            Block = vector.Block,
            Samples = vector.Samples,
            Leaf = vector.Leaf,
            Sinks = vector.Sinks,
            BandBlocks = 0,
            Hyperplanes = vector.Hyperplanes,
            ExactWhereSmall = exactWhereSmall,
        };
        using var planes = new HyperPlanes(vector.P, vector.Hyperplanes, vector.Dimension);
        Dictionary<NodeRange, AttentionVector.Node> nodes = [];
        foreach (AttentionVector.Node node in vector.Nodes)
            nodes[new NodeRange(node.FirstQuery, node.EndQuery, node.FirstKey, node.EndKey)] = node;
        using var layer = new HyperLayer(kernel, settings, planes, vector.Causal, vector.Queries, vector.Keys,
            vector.Dimension, workers: 1)
        {
            GivenSamples = range => nodes[range].Samples ?? EverySample(range.Keys),
        };
        foreach (NodeRange range in layer.Nodes)
        {
            if (!nodes.ContainsKey(range))
                throw new InvalidDataException($"the vector has no node with queries [{range.FirstQuery}, "
                    + $"{range.EndQuery}) and keys [{range.FirstKey}, {range.EndKey})");
        }

        layer.Begin(Input());
        layer.Run();
        int differences = Differences(layer.QueryRanks, vector.QueryRanks)
            + Differences(layer.KeyRanks, vector.KeyRanks);
        if (differences > 0)
        {
            // Near a threshold either side is right; the rest is compared with the vector's own ranks.
            layer.Begin(Input());
            layer.GiveRanks(vector.QueryRanks, vector.KeyRanks);
            layer.Run();
        }

        (double hyper, double hyperLse) = Errors(vector.Output, vector.LogSumExp);
        RunExact(kernel.Exact);
        (double exact, double exactLse) = Errors(vector.ExactOutput, vector.ExactLogSumExp);
        return new AttentionErrors(hyper, hyperLse, exact, exactLse,
            vector.RankMargin > RankRounding ? differences : 0);
    }

    public void Dispose()
    {
        queries.Dispose();
        keys.Dispose();
        values.Dispose();
        output.Dispose();
        logSumExp.Dispose();
    }

    private static AlignedBuffer<float> Rows(float[] source, int rows, int stride)
    {
        var buffer = new AlignedBuffer<float>((nint)rows * stride);
        int width = source.Length / rows;
        for (int row = 0; row < rows; row++)
            source.AsSpan(row * width, width).CopyTo(new Span<float>(buffer.Pointer + ((nint)row * stride), width));
        return buffer;
    }

    private static int Differences(ReadOnlySpan<byte> found, byte[] expected)
    {
        int count = 0;
        for (int i = 0; i < expected.Length; i++) count += found[i] != expected[i] ? 1 : 0;
        return count;
    }

    private int[]? EverySample(int keyCount)
    {
        if (vector.Samples == 0) return null;
        var all = new int[vector.Samples];
        for (int t = 0; t < all.Length; t++) all[t] = (int)((long)t * keyCount / all.Length);
        return all;
    }

    private HyperInput Input() => new()
    {
        Queries = queries.Pointer,
        QueryStride = vector.Dimension,
        Keys = keys.Pointer,
        KeyStride = padded,
        Values = values.Pointer,
        ValueStride = padded,
        ValueDimension = vector.Dimension,
        Scale = 1 / MathF.Sqrt(vector.Dimension),
        Output = output.Pointer,
        OutputStride = vector.Dimension,
        LogSumExp = logSumExp.Pointer,
    };

    private void RunExact(ExactAttention kernel)
    {
        using var positions = new AlignedBuffer<int>(vector.Keys + 64);
        using var scratch = new AlignedBuffer<byte>(ExactAttention.ScratchBytes);
        for (int i = 0; i < vector.Keys; i++) positions.Pointer[i] = i;
        using var rowPositions = new AlignedBuffer<int>(vector.Queries);
        for (int i = 0; i < vector.Queries; i++)
            rowPositions.Pointer[i] = vector.Causal ? vector.Past + i : vector.Keys;
        for (int first = 0; first < vector.Queries; first += kernel.RowTile)
        {
            int rows = Math.Min(kernel.RowTile, vector.Queries - first);
            var task = new AttentionTask
            {
                Query = queries.Pointer + ((nint)first * vector.Dimension),
                QueryRowStride = vector.Dimension,
                Rows = rows,
                GroupHeads = 1,
                Positions = rowPositions.Pointer + first,
                Keys = (byte*)keys.Pointer,
                Values = (byte*)values.Pointer,
                KeyRowBytes = padded * sizeof(float),
                ValueRowBytes = padded * sizeof(float),
                KeyType = CacheType.F32,
                ValueType = CacheType.F32,
                SlotPositions = positions.Pointer,
                First = new SlotRange(0, vector.Keys),
                KeyDimension = vector.Dimension,
                ValueDimension = vector.Dimension,
                Scale = 1 / MathF.Sqrt(vector.Dimension),
                Output = output.Pointer + ((nint)first * vector.Dimension),
                OutputRowStride = vector.Dimension,
                LogSumExp = logSumExp.Pointer + first,
            };
            kernel.Attend(task, scratch.Pointer);
        }
    }

    private (double Output, double LogSumExp) Errors(float[] expected, float[] expectedLogSumExp)
    {
        double largest = 0, error = 0, sumError = 0;
        foreach (float value in expected) largest = Math.Max(largest, Math.Abs(value));
        for (int i = 0; i < expected.Length; i++) error = Worse(error, output.Pointer[i] - (double)expected[i]);
        for (int i = 0; i < expectedLogSumExp.Length; i++)
            sumError = Worse(sumError, logSumExp.Pointer[i] - (double)expectedLogSumExp[i]);
        return (largest > 0 ? error / largest : error, sumError);
    }

    // A comparison that is false for NaN would overlook it.
    private static double Worse(double error, double difference) =>
        Math.Abs(difference) <= error ? error : Math.Abs(difference);
}
