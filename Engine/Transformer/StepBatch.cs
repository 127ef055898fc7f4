namespace Engine.Transformer;

/// <summary>Which rows of a run of tokens need logits.</summary>
internal enum WantedLogits
{
    None,
    Last,
    All,
}

/// <summary>The rows of one forward step: runs of tokens, each continuing a sequence. Reused, so nothing allocates.
/// </summary>
internal sealed class StepBatch(int capacity)
{
    private readonly int[] tokens = new int[capacity];
    private readonly Run[] runs = new Run[capacity];
    private int runCount;

    /// <summary>Rows that fit.</summary>
    public int Capacity => capacity;

    /// <summary>Rows that are in.</summary>
    public int Rows { get; private set; }

    public ReadOnlySpan<int> Tokens => tokens.AsSpan(0, Rows);

    public ReadOnlySpan<Run> Runs => runs.AsSpan(0, runCount);

    public void Clear()
    {
        runs.AsSpan(0, runCount).Clear();
        runCount = 0;
        Rows = 0;
    }

    /// <summary>Adds the next tokens of a sequence; a sequence may appear once in a step.</summary>
    public void Add(Sequence sequence, ReadOnlySpan<int> next, WantedLogits wanted)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(next.Length, capacity - Rows);
        if (next.IsEmpty) return;
        foreach (ref readonly Run run in Runs)
            if (ReferenceEquals(run.Sequence, sequence))
                throw new ArgumentException("a sequence may appear only once in a step", nameof(sequence));
        next.CopyTo(tokens.AsSpan(Rows));
        runs[runCount++] = new Run(sequence, Rows, next.Length, wanted);
        Rows += next.Length;
    }

    /// <summary>Rows [First, First + Count) continue a sequence.</summary>
    internal readonly record struct Run(Sequence Sequence, int First, int Count, WantedLogits Wanted);
}
