using Engine.Memory;

namespace Engine.Cache;

/// <summary>Least and greatest key of every page of slots, element by element, by which a query can tell how much a
/// page can matter at most (Quest, arXiv 2406.10774).</summary>
internal sealed unsafe class KvPages : IDisposable
{
    /// <summary>Slots of a page.</summary>
    public const int Slots = 16;

    private readonly AlignedBuffer<float> bounds;
    private readonly nint headFloats;
    private readonly int stride;

    /// <summary>Reserves the bounds.</summary>
    /// <param name="kvHeads">Key/value heads.</param>
    /// <param name="capacity">Slots of the ring.</param>
    /// <param name="elements">Elements of a key row.</param>
    public KvPages(int kvHeads, int capacity, int elements)
    {
        Count = (capacity + Slots - 1) / Slots;
        stride = (elements + 15) / 16 * 16;
        headFloats = checked((nint)Count * 2 * stride);
        bounds = new AlignedBuffer<float>(checked(headFloats * kvHeads));
    }

    /// <summary>Pages, the last one perhaps not whole.</summary>
    public int Count { get; }

    /// <summary>Bytes reserved.</summary>
    public long Bytes => (long)bounds.Count * sizeof(float);

    /// <summary>The least elements of a page's keys.</summary>
    public float* Low(int head, int page) => bounds.Pointer + head * headFloats + (nint)page * 2 * stride;

    /// <summary>The greatest elements.</summary>
    public float* High(int head, int page) => Low(head, page) + stride;

    public void Dispose() => bounds.Dispose();
}
