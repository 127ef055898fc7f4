namespace Engine.Text;

/// <summary>Merges neighbouring symbols, lowest rank first and leftmost among equals, until no merge applies.</summary>
/// <remarks>Short pieces search the lowest rank each time; long ones (a megabyte without a space is one piece) keep a
/// heap, n log n. Scratch, not thread-safe.</remarks>
internal sealed class PairMerger
{
    /// <summary>Up to here the plain search is faster: a word has few merges left to compare.</summary>
    private const int ShortPiece = 48;

    private int[] _ids = new int[256];
    private int[] _next = new int[256];
    private int[] _previous = new int[256];
    private int[] _ranks = new int[256];
    private readonly PriorityQueue<(int Left, int LeftId, int RightId), long> _queue = new();

    /// <summary>Ids of the symbols; those that were merged away hold −2.</summary>
    public Span<int> Ids => _ids;

    /// <summary>Makes room for <paramref name="count"/> symbols.</summary>
    public void Reserve(int count)
    {
        if (_ids.Length >= count) return;
        int size = Math.Max(count, _ids.Length * 2);
        _ids = new int[size];
        _next = new int[size];
        _previous = new int[size];
        _ranks = new int[size];
    }

    /// <summary>Merges the first <paramref name="count"/> of <see cref="Ids"/>; afterwards symbol i reaches up to
    /// <see cref="Next"/>.</summary>
    public void Merge(MergeTable merges, int count)
    {
        for (int i = 0; i < count; i++)
        {
            _next[i] = i + 1;
            _previous[i] = i - 1;
        }

        if (count < 2) return;
        if (count <= ShortPiece) MergeShort(merges, count);
        else MergeLong(merges, count);
    }

    /// <summary>Index of the symbol after symbol <paramref name="index"/>.</summary>
    public int Next(int index) => _next[index];

    private void MergeShort(MergeTable merges, int count)
    {
        // Here the arrays close up after each merge; _next keeps where each symbol ends in the piece.
        int[] ids = _ids, next = _next, ranks = _ranks, origin = _previous;
        for (int i = 0; i < count; i++) origin[i] = i;
        for (int i = 0; i + 1 < count; i++) ranks[i] = merges.FindRank(ids[i], ids[i + 1]);
        int live = count;
        while (live > 1)
        {
            int best = -1;
            uint lowest = uint.MaxValue;
            for (int i = 0; i + 1 < live; i++)
            {
                // −1 as unsigned is above every rank.
                if ((uint)ranks[i] >= lowest) continue;
                lowest = (uint)ranks[i];
                best = i;
            }

            if (best < 0) break;
            ids[best] = merges.Result((int)lowest);
            live--;
            int tail = live - best - 1;
            Array.Copy(ids, best + 2, ids, best + 1, tail);
            Array.Copy(origin, best + 2, origin, best + 1, tail);
            if (tail > 0) Array.Copy(ranks, best + 2, ranks, best + 1, tail - 1);
            if (best > 0) ranks[best - 1] = merges.FindRank(ids[best - 1], ids[best]);
            if (best + 1 < live) ranks[best] = merges.FindRank(ids[best], ids[best + 1]);
        }

        // Spread the symbols out again, from the right so that nothing is overwritten before it moved.
        for (int i = live - 1, end = count; i >= 0; i--)
        {
            int start = origin[i];
            ids[start] = ids[i];
            next[start] = end;
            end = start;
        }
    }

    private void MergeLong(MergeTable merges, int count)
    {
        _queue.Clear();
        for (int i = 0; i + 1 < count; i++) Enqueue(merges, i, i + 1);
        while (_queue.TryDequeue(out (int Left, int LeftId, int RightId) pair, out long order))
        {
            int left = pair.Left, right = _next[left];
            if (right >= count || _ids[left] != pair.LeftId || _ids[right] != pair.RightId) continue;
            _ids[left] = merges.Result((int)(order >> 32));
            _ids[right] = -2;
            int after = _next[right];
            _next[left] = after;
            if (after < count)
            {
                _previous[after] = left;
                Enqueue(merges, left, after);
            }

            if (_previous[left] >= 0) Enqueue(merges, _previous[left], left);
        }
    }

    private void Enqueue(MergeTable merges, int left, int right)
    {
        int rank = merges.FindRank(_ids[left], _ids[right]);
        if (rank >= 0) _queue.Enqueue((left, _ids[left], _ids[right]), ((long)rank << 32) | (uint)left);
    }
}
