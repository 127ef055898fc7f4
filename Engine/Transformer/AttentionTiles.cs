namespace Engine.Transformer;

/// <summary>Runs of rows of one sequence that attention takes as one task.</summary>
internal sealed class AttentionTiles(int capacity)
{
    private readonly (int First, int Count)[] tiles = new (int, int)[capacity];

    public int Count { get; private set; }

    public (int First, int Count) this[int index] => tiles[index];

    public void Clear() => Count = 0;

    /// <summary>Cuts rows [first, first + count) into tiles of at most <paramref name="size"/> rows.</summary>
    public void Add(int first, int count, int size)
    {
        for (int done = 0; done < count; done += size)
            tiles[Count++] = (first + done, Math.Min(size, count - done));
    }
}
