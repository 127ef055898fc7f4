using Engine.Memory;

namespace Engine.Attention.Hyper;

/// <summary>Memory of one worker for one task of a sequence, and which heads of the task are approximated.</summary>
internal sealed unsafe class HyperWorker : IDisposable
{
    private readonly AlignedBuffer<float> floats;
    private readonly float* exactSums;
    private readonly int capacity;
    private readonly int[] heads;
    private readonly (int Begin, int End)[] runs;
    private int exactUsed;

    public HyperWorker(HyperSettings settings, int queryRows, int contextLength, int keyDimension,
        int valueDimension)
    {
        capacity = queryRows;
        Queries = new HyperQueries(queryRows, keyDimension, valueDimension);
        Node = new HyperNode(settings, choice: null, contextLength, queryRows, Queries.KeyElements,
            Queries.ValueElements);
        Scratch = new HyperScratch(settings, contextLength, Queries.KeyElements, Queries.ValueElements);
        floats = new AlignedBuffer<float>((64 * HyperPlanes.Width) + (2 * queryRows));
        Projections = floats.Pointer;
        LogSumExp = Projections + (64 * HyperPlanes.Width);
        exactSums = LogSumExp + queryRows;
        heads = new int[queryRows];
        runs = new (int, int)[queryRows];
    }

    public HyperQueries Queries { get; }

    public HyperNode Node { get; }

    public HyperScratch Scratch { get; }

    /// <summary>Projections of 64 rows.</summary>
    public float* Projections { get; }

    /// <summary>Log-sum-exps on their way into states.</summary>
    public float* LogSumExp { get; }

    /// <summary>Approximated heads of the task.</summary>
    public int HeadCount { get; private set; }

    /// <summary>Runs of neighbouring approximated heads.</summary>
    public int Runs { get; private set; }

    public (int Begin, int End) Run(int index) => runs[index];

    /// <summary>Head, within its group, of an approximated column.</summary>
    public int Head(int column) => heads[column];

    public void Begin()
    {
        HeadCount = 0;
        Runs = 0;
        exactUsed = 0;
    }

    public void AddHeads(int begin, int end)
    {
        runs[Runs++] = (begin, end);
        for (int head = begin; head < end; head++) heads[HeadCount++] = head;
    }

    /// <summary>Room for log-sum-exps of exact attention, one part of the heads after the other.</summary>
    public float* ExactSums(int count)
    {
        float* place = exactSums + exactUsed;
        exactUsed += count;
        return exactUsed <= capacity ? place : throw new InvalidOperationException("a task has too many rows");
    }

    /// <summary>The log-sum-exp that <see cref="ExactSums"/> received for a head of the group.</summary>
    public float ExactSumOf(int row, int head, int rows)
    {
        // Parts lie one after the other, in each [row][head]; parts that are not approximated lie between the runs.
        for (int i = 0; i < Runs; i++)
        {
            (int begin, int end) = runs[i];
            if (head >= begin && head < end)
                return exactSums[(begin * rows) + (row * (end - begin)) + head - begin];
        }

        return float.NaN;
    }

    public void Dispose()
    {
        Queries.Dispose();
        Node.Dispose();
        Scratch.Dispose();
        floats.Dispose();
    }
}
