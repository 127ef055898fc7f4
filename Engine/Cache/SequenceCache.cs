namespace Engine.Cache;

/// <summary>The rings of one sequence, one per layer group.</summary>
/// <remarks>
/// Tokens are counted by index, 0 … Length − 1. Index and position are the same until a cache that slides gives up
/// tokens behind its sinks: then the positions of those that follow are larger by <see cref="Gap"/>, until the
/// positions reach what the model was trained for and the gap is closed (<see cref="CloseGap"/>).
/// </remarks>
internal sealed class SequenceCache : IDisposable
{
    private readonly KvRing[] rings;

    /// <summary>Takes ownership of the rings, in group order; all have the same sinks.</summary>
    public SequenceCache(KvRing[] rings, int contextLength)
    {
        this.rings = rings;
        ContextLength = contextLength;
        PositionLimit = contextLength;
    }

    /// <summary>Tokens that the sequence may hold.</summary>
    public int ContextLength { get; }

    /// <summary>True if a full cache gives up tokens behind its sinks instead of refusing.</summary>
    public bool Slides { get; init; }

    /// <summary>First tokens that stay when the cache slides.</summary>
    public int Sinks => rings.Length == 0 ? 0 : rings[0].Sinks;

    /// <summary>Positions must stay below; at least the context length.</summary>
    public int PositionLimit { get; init; }

    /// <summary>Tokens that are held: the next one gets this index.</summary>
    public int Length { get; private set; }

    /// <summary>Positions between the sinks and the next token that is held.</summary>
    public int Gap { get; private set; }

    /// <summary>Position of the next token.</summary>
    public int NextPosition => Length + Gap;

    /// <summary>Number of groups.</summary>
    public int Groups => rings.Length;

    /// <summary>Bytes reserved for keys and values.</summary>
    public long Bytes => rings.Sum(ring => ring.Bytes);

    /// <summary>True if the caches have bounds of pages.</summary>
    public bool HasPages => rings.Length > 0 && rings[0].Pages is not null;

    /// <summary>Tokens that are given up at a time: a quarter, so that keys are seldom rotated again (each time rounds
    /// them once more in a small cache) and seven eighths of the context are in use on average.</summary>
    public int SlideStep => Math.Max(1, (ContextLength - Sinks) / 4);

    /// <summary>True if the positions would leave their limit before the cache is full again.</summary>
    public bool MustCloseGap => Gap > 0 && ContextLength + Gap > PositionLimit;

    /// <summary>Ring of a group.</summary>
    public KvRing Ring(int group) => rings[group];

    /// <summary>Gives the next <paramref name="count"/> tokens their slots in every ring.</summary>
    /// <exception cref="InvalidOperationException">The context is full.</exception>
    public void Append(int count)
    {
        if (count > ContextLength - Length)
            throw new InvalidOperationException(
                $"the context is full: {Length} of {ContextLength} tokens are used and {count} more were given");
        int position = NextPosition;
        foreach (KvRing ring in rings)
            for (int i = 0; i < count; i++) ring.Claim(position + i);
        Length += count;
    }

    /// <summary>Goes back to the first <paramref name="length"/> tokens.</summary>
    /// <exception cref="InvalidOperationException">A sliding window no longer holds what would be needed.</exception>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (length >= Length) return;
        int position = length <= Sinks ? length : length + Gap;
        // All or none: a ring that has gone back alone would be short of what the length promises.
        foreach (KvRing ring in rings) ring.CheckTruncate(position);
        foreach (KvRing ring in rings) ring.Truncate(position);
        Length = length;
        if (length <= Sinks) Gap = 0;
    }

    /// <summary>Gives up the oldest <paramref name="count"/> tokens behind the sinks; positions stay.</summary>
    public void Evict(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Length - Sinks);
        Length -= count;
        Gap += count;
        foreach (KvRing ring in rings) ring.Evict(Sinks + Gap);
    }

    /// <summary>Re-assigns the positions behind the sinks so that they follow them; the keys have been rotated by
    /// −<see cref="Gap"/>.</summary>
    public void CloseGap()
    {
        foreach (KvRing ring in rings) ring.Shift(Gap);
        Gap = 0;
    }

    /// <summary>Gives an empty cache whose rings were restored its length.</summary>
    public void Restore(int length, int gap) => (Length, Gap) = (length, gap);

    public void Dispose()
    {
        foreach (KvRing ring in rings) ring.Dispose();
    }
}
