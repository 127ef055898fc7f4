namespace Engine.Transformer;

/// <summary>Rows [First, First + Count) of one sequence that attention takes as one task.</summary>
/// <param name="First">0-based row of the step.</param>
/// <param name="Count">Rows.</param>
/// <param name="Alone">Each row must get the bits that it would get as the only one.</param>
internal readonly record struct AttentionTile(int First, int Count, bool Alone);

/// <summary>What attention has to do in a step.</summary>
internal sealed class AttentionTiles(int capacity)
{
    private readonly AttentionTile[] tiles = new AttentionTile[capacity];

    public int Count { get; private set; }

    public AttentionTile this[int index] => tiles[index];

    public void Clear() => Count = 0;

    /// <summary>Cuts rows [first, first + count) into tiles of at most <paramref name="size"/> rows.</summary>
    public void Add(int first, int count, int size, bool alone)
    {
        for (int done = 0; done < count; done += size)
            tiles[Count++] = new AttentionTile(first + done, Math.Min(size, count - done), alone);
    }
}
