namespace Engine.Cache;

/// <summary>The rings of one sequence, one per layer group.</summary>
internal sealed class SequenceCache : IDisposable
{
    private readonly KvRing[] rings;

    /// <summary>Takes ownership of the rings, in group order.</summary>
    public SequenceCache(KvRing[] rings, int contextLength)
    {
        this.rings = rings;
        ContextLength = contextLength;
    }

    /// <summary>Positions that the sequence may have.</summary>
    public int ContextLength { get; }

    /// <summary>Positions that are written: the next token gets this position.</summary>
    public int Length { get; private set; }

    /// <summary>Bytes reserved for keys and values.</summary>
    public long Bytes => rings.Sum(ring => ring.Bytes);

    /// <summary>Ring of a group.</summary>
    public KvRing Ring(int group) => rings[group];

    /// <summary>Gives the next <paramref name="count"/> positions their slots in every ring.</summary>
    /// <exception cref="InvalidOperationException">The context is full.</exception>
    public void Append(int count)
    {
        if (count > ContextLength - Length)
            throw new InvalidOperationException(
                $"the context is full: {Length} of {ContextLength} tokens are used and {count} more were given");
        foreach (KvRing ring in rings)
            for (int i = 0; i < count; i++) ring.Claim(Length + i);
        Length += count;
    }

    /// <summary>Goes back to the first <paramref name="length"/> positions.</summary>
    /// <exception cref="InvalidOperationException">A sliding window no longer holds what would be needed.</exception>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (length >= Length) return;
        // All or none: a ring that has gone back alone would be short of what the length promises.
        foreach (KvRing ring in rings) ring.CheckTruncate(length);
        foreach (KvRing ring in rings) ring.Truncate(length);
        Length = length;
    }

    public void Dispose()
    {
        foreach (KvRing ring in rings) ring.Dispose();
    }
}
