using Engine.Memory;

namespace Engine.Cache;

/// <summary>Keys and values of one layer group for one sequence.</summary>
/// <remarks>
/// Layout: [kv head][slot][row], rows padded by the caller's row size, so that one KV head's slots are contiguous. A
/// window's ring is shorter than the context: slot(p) = p mod capacity. Order is carried by <see cref="Positions"/>
/// alone. Nothing allocates after construction.
/// </remarks>
internal sealed unsafe class KvRing : IDisposable
{
    private readonly AlignedBuffer<byte> keys;
    private readonly AlignedBuffer<byte> values;
    private readonly AlignedBuffer<int> positions;
    private readonly nint keyHeadBytes;
    private readonly nint valueHeadBytes;
    private int highest = -1;
    private int lowest;

    /// <summary>Reserves a ring of <paramref name="capacity"/> slots.</summary>
    public KvRing(CacheShape shape, int capacity, CacheType type, nint keyRowBytes, nint valueRowBytes)
    {
        Shape = shape;
        Capacity = capacity;
        Type = type;
        KeyRowBytes = keyRowBytes;
        ValueRowBytes = valueRowBytes;
        keyHeadBytes = checked(capacity * keyRowBytes + 63) & ~(nint)63;
        valueHeadBytes = checked(capacity * valueRowBytes + 63) & ~(nint)63;
        // One row more than needed: vectors may read past the end of the last row.
        keys = new AlignedBuffer<byte>(checked(keyHeadBytes * shape.KvHeads + 256));
        values = new AlignedBuffer<byte>(checked(valueHeadBytes * shape.KvHeads + 256));
        positions = new AlignedBuffer<int>((nint)capacity + 64);
        new Span<int>(positions.Pointer, capacity + 64).Fill(-1);
    }

    public CacheShape Shape { get; }

    public int Capacity { get; }

    public CacheType Type { get; }

    public nint KeyRowBytes { get; }

    public nint ValueRowBytes { get; }

    /// <summary>Position held by each slot, −1 if empty.</summary>
    public int* Positions => positions.Pointer;

    /// <summary>Bytes reserved for keys and values.</summary>
    public long Bytes => (long)(keyHeadBytes + valueHeadBytes) * Shape.KvHeads;

    /// <summary>Row of slot 0 of a KV head.</summary>
    public byte* Keys(int head) => keys.Pointer + head * keyHeadBytes;

    /// <summary>Row of slot 0 of a KV head.</summary>
    public byte* Values(int head) => values.Pointer + head * valueHeadBytes;

    /// <summary>Slot of a position.</summary>
    public int Slot(int position) => position % Capacity;

    /// <summary>Gives the position its slot, whatever that held before.</summary>
    public int Claim(int position)
    {
        int slot = Slot(position);
        Positions[slot] = position;
        highest = Math.Max(highest, position);
        // Does not come down again with the length: what was overwritten is lost also after going back.
        lowest = Math.Max(lowest, highest - Capacity + 1);
        return slot;
    }

    /// <summary>At most two ranges that hold every slot visible to rows at positions [low, high].</summary>
    public void Visible(int low, int high, out int begin1, out int end1, out int begin2, out int end2)
    {
        int first = Shape.Window > 0 ? Math.Max(0, low - Shape.Window + 1) : 0;
        first = Math.Max(first, lowest);
        begin2 = end2 = 0;
        if (high < first)
        {
            begin1 = end1 = 0;
            return;
        }

        begin1 = Slot(first);
        end1 = Slot(high) + 1;
        if (end1 > begin1) return;
        end2 = end1;
        end1 = Capacity;
    }

    /// <summary>Throws if <see cref="Truncate"/> would.</summary>
    /// <exception cref="InvalidOperationException">A window's ring has overwritten positions that would be needed.
    /// </exception>
    public void CheckTruncate(int length)
    {
        if (length > highest) return;
        int needed = Shape.Window > 0 ? Math.Max(0, length - Shape.Window + 1) : 0;
        if (length > 0 && needed < lowest)
            throw new InvalidOperationException(
                $"cannot go back to {length} tokens: the sliding window of layer {Shape.Owner} (window {Shape.Window}, "
                + $"ring {Capacity}) no longer holds the positions from {needed} on");
    }

    /// <summary>Forgets positions from <paramref name="length"/> on.</summary>
    /// <exception cref="InvalidOperationException">A window's ring has overwritten positions that would be needed.
    /// </exception>
    public void Truncate(int length)
    {
        CheckTruncate(length);
        if (length > highest) return;
        // Only what is given up is walked: guessed tokens go back a few positions in every step.
        for (int position = Math.Max(length, highest - Capacity + 1); position <= highest; position++)
            Positions[Slot(position)] = -1;
        highest = length - 1;
        if (length == 0) lowest = 0;
    }

    public void Dispose()
    {
        keys.Dispose();
        values.Dispose();
        positions.Dispose();
    }
}
