using Engine.Memory;

namespace Engine.Cache;

/// <summary>Keys and values of one layer group for one sequence.</summary>
/// <remarks>
/// Layout: [kv head][slot][row], rows padded by the caller's row size, so that one KV head's slots are contiguous. The
/// first S positions (sinks) keep their slots, the others go round in the C − S behind them:
/// slot(p) = p &lt; S ? p : S + (p − S + turn) mod (C − S); without sinks p mod C. A window's ring is shorter than the
/// context. The turn is 0 until positions are re-assigned (<see cref="Shift"/>), which moves no row. Order is carried
/// by
/// <see cref="Positions"/> alone. Nothing allocates after construction.
/// </remarks>
internal sealed unsafe class KvRing : IDisposable
{
    private readonly AlignedBuffer<byte> keys;
    private readonly AlignedBuffer<byte> values;
    private readonly AlignedBuffer<int> positions;
    private readonly nint keyHeadBytes;
    private readonly nint valueHeadBytes;

    /// <summary>Reserves a ring of <paramref name="capacity"/> slots.</summary>
    /// <param name="shape">What it holds.</param>
    /// <param name="capacity">Slots.</param>
    /// <param name="type">Storage.</param>
    /// <param name="keyRowBytes">Bytes from one key row to the next.</param>
    /// <param name="valueRowBytes">Bytes from one value row to the next.</param>
    /// <param name="sinks">First positions that keep their slots, less than the capacity.</param>
    public KvRing(CacheShape shape, int capacity, CacheType type, nint keyRowBytes, nint valueRowBytes, int sinks = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sinks);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(sinks, capacity);
        Shape = shape;
        Capacity = capacity;
        Sinks = sinks;
        First = Kept = sinks;
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

    /// <summary>First positions that keep their slots.</summary>
    public int Sinks { get; }

    /// <summary>Slots by which the part behind the sinks is turned.</summary>
    public int Turn { get; private set; }

    /// <summary>The highest position that is held, −1 if none.</summary>
    public int Highest { get; private set; } = -1;

    /// <summary>The first position behind the sinks that is held: the ring holds all from here to
    /// <see cref="Highest"/>.</summary>
    public int First { get; private set; }

    /// <summary>Positions from the sinks up to here were given up (<see cref="Evict"/>): nobody misses them.</summary>
    public int Kept { get; private set; }

    /// <summary>Bounds of the keys of pages of slots; null unless pages are selected.</summary>
    public KvPages? Pages { get; init; }

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
    public int Slot(int position) =>
        position < Sinks ? position : Sinks + (position - Sinks + Turn) % (Capacity - Sinks);

    /// <summary>Gives the position its slot, whatever that held before.</summary>
    public int Claim(int position)
    {
        int slot = Slot(position);
        Positions[slot] = position;
        Highest = Math.Max(Highest, position);
        // Does not come down again with the length: what was overwritten is lost also after going back.
        First = Math.Max(First, Highest - (Capacity - Sinks) + 1);
        return slot;
    }

    /// <summary>At most two ranges that hold every slot visible to rows at positions [low, high].</summary>
    public void Visible(int low, int high, out int begin1, out int end1, out int begin2, out int end2)
    {
        int lowest = Shape.Window > 0 ? Math.Max(0, low - Shape.Window + 1) : 0;
        begin1 = end1 = begin2 = end2 = 0;
        if (lowest < Math.Min(Sinks, high + 1))
        {
            begin1 = lowest;
            end1 = Math.Min(Sinks, high + 1);
        }

        lowest = Math.Max(lowest, First);
        if (high < lowest) return;
        int begin = Slot(lowest), end = Slot(high) + 1;
        if (end <= begin)
        {
            // Round the end, where the sinks and the turned part adjoin.
            (begin2, end2) = (end1 > 0 ? begin1 : Sinks, end);
            (begin1, end1) = (begin, Capacity);
        }
        else if (end1 == 0)
        {
            (begin1, end1) = (begin, end);
        }
        else if (end1 == begin)
        {
            end1 = end;
        }
        else
        {
            (begin2, end2) = (begin, end);
        }
    }

    /// <summary>Throws if <see cref="Truncate"/> would.</summary>
    /// <exception cref="InvalidOperationException">A window's ring has overwritten positions that would be needed.
    /// </exception>
    public void CheckTruncate(int length)
    {
        if (length > Highest || length <= Sinks) return;
        int needed = Math.Max(Kept, Shape.Window > 0 ? length - Shape.Window + 1 : 0);
        if (needed < First)
            throw new InvalidOperationException(
                $"cannot go back to position {length}: the sliding window of layer {Shape.Owner} (window "
                + $"{Shape.Window}, ring {Capacity}) no longer holds the positions from {needed} on");
    }

    /// <summary>Forgets positions from <paramref name="length"/> on.</summary>
    /// <exception cref="InvalidOperationException">A window's ring has overwritten positions that would be needed.
    /// </exception>
    public void Truncate(int length)
    {
        CheckTruncate(length);
        if (length > Highest) return;
        // Only what is given up is walked: guessed tokens go back a few positions in every step.
        for (int position = length; position < Math.Min(Sinks, Highest + 1); position++) Positions[position] = -1;
        for (int position = Math.Max(length, First); position <= Highest; position++) Positions[Slot(position)] = -1;
        Highest = length - 1;
        if (length > Sinks) return;
        First = Kept = Sinks;
        Turn = 0;
    }

    /// <summary>Gives up the positions between the sinks and <paramref name="kept"/>.</summary>
    public void Evict(int kept)
    {
        for (int position = First; position < Math.Min(kept, Highest + 1); position++) Positions[Slot(position)] = -1;
        Kept = kept;
        First = Math.Max(First, kept);
    }

    /// <summary>Moves the positions behind the sinks down by <paramref name="delta"/>, as far as they were given up at
    /// most; every row stays in its slot. Keys must be rotated to match.</summary>
    public void Shift(int delta)
    {
        for (int slot = Sinks; slot < Capacity; slot++)
            if (Positions[slot] >= 0) Positions[slot] -= delta;
        Highest -= delta;
        First -= delta;
        Kept -= delta;
        Turn = (Turn + delta) % (Capacity - Sinks);
    }

    /// <summary>Makes an empty ring one that holds the sinks up to <paramref name="highest"/> and the positions
    /// [first, highest]; the rows are written by the caller.</summary>
    public void Restore(int turn, int kept, int first, int highest)
    {
        Turn = turn;
        for (int position = 0; position < Math.Min(Sinks, highest + 1); position++) Positions[position] = position;
        for (int position = first; position <= highest; position++) Positions[Slot(position)] = position;
        (Kept, First, Highest) = (kept, first, highest);
    }

    /// <summary>The slots in use, in the order of their positions: the sinks, and at most two runs behind them.
    /// </summary>
    public IEnumerable<(int Slot, int Count)> Runs()
    {
        int sinks = Math.Min(Sinks, Highest + 1);
        if (sinks > 0) yield return (0, sinks);
        for (int position = First; position <= Highest;)
        {
            int slot = Slot(position), count = Math.Min(Capacity - slot, Highest - position + 1);
            yield return (slot, count);
            position += count;
        }
    }

    public void Dispose()
    {
        keys.Dispose();
        values.Dispose();
        positions.Dispose();
        Pages?.Dispose();
    }
}
