using System.Text;

namespace Engine.Sampling;

/// <summary>Finds stop strings in a stream of UTF-8 bytes, across the boundaries of its pieces, and holds back what
/// could become one.</summary>
/// <remarks>The first stop string to be complete ends the text; of several that end at the same byte the longest is
/// cut off. Allocates nothing per piece, unless a piece is longer than any before.</remarks>
public sealed class StopMatcher
{
    private readonly Stop[] _stops;
    private byte[] _pending;
    private int _released;
    private int _count;

    /// <summary>Creates a matcher.</summary>
    /// <param name="stops">None is fine: everything passes.</param>
    /// <exception cref="ArgumentException">A stop string is empty.</exception>
    public StopMatcher(IEnumerable<string> stops)
    {
        ArgumentNullException.ThrowIfNull(stops);
        var list = new List<Stop>();
        int longest = 0;
        foreach (string text in stops)
        {
            if (string.IsNullOrEmpty(text)) throw new ArgumentException("a stop string is empty", nameof(stops));
            list.Add(new Stop(text));
            longest = Math.Max(longest, list[^1].Length);
        }

        // A token is rarely longer than 128 bytes, some vocabularies have runs of spaces of that length.
        const int LongestToken = 256;
        _stops = [.. list];
        _pending = new byte[longest + LongestToken];
    }

    /// <summary>True once a stop string is complete; nothing more is released until <see cref="Reset"/>.</summary>
    public bool IsStopped => StopString is not null;

    /// <summary>The stop string that ended the text.</summary>
    public string? StopString { get; private set; }

    /// <summary>Adds a piece of the stream.</summary>
    /// <param name="bytes">Any bytes; a piece may end within a character.</param>
    /// <returns>What is certain not to belong to a stop string, held back bytes first; valid until the next call.
    /// </returns>
    public ReadOnlySpan<byte> Append(ReadOnlySpan<byte> bytes)
    {
        if (IsStopped) return [];
        DropReleased();
        if (_pending.Length - _count < bytes.Length) Array.Resize(ref _pending, _count + (2 * bytes.Length));
        foreach (byte next in bytes)
        {
            _pending[_count++] = next;
            int matched = Advance(next);
            if (matched == 0) continue;
            _released = _count - matched;
            return _pending.AsSpan(0, _released);
        }

        _released = _count - HeldBack();
        return _pending.AsSpan(0, _released);
    }

    /// <summary>The stream ended: what was held back is no stop string after all.</summary>
    public ReadOnlySpan<byte> Flush()
    {
        if (IsStopped) return [];
        DropReleased();
        _released = _count;
        foreach (Stop stop in _stops) stop.Clear();
        return _pending.AsSpan(0, _released);
    }

    /// <summary>Begins a new stream.</summary>
    public void Reset()
    {
        foreach (Stop stop in _stops) stop.Clear();
        (_count, _released, StopString) = (0, 0, null);
    }

    private void DropReleased()
    {
        _pending.AsSpan(_released, _count - _released).CopyTo(_pending);
        _count -= _released;
        _released = 0;
    }

    /// <summary>Length of the longest stop string that the byte completed, or 0.</summary>
    private int Advance(byte next)
    {
        int longest = 0;
        foreach (Stop stop in _stops)
        {
            if (!stop.Advance(next) || stop.Length <= longest) continue;
            longest = stop.Length;
            StopString = stop.Text;
        }

        return longest;
    }

    /// <summary>Length of the longest end of the stream that begins a stop string.</summary>
    private int HeldBack()
    {
        int longest = 0;
        foreach (Stop stop in _stops) longest = Math.Max(longest, stop.Matched);
        return longest;
    }

    /// <summary>One stop string and how much of it the stream ends with, by the algorithm of Knuth, Morris and Pratt.
    /// </summary>
    private sealed class Stop
    {
        private readonly byte[] _bytes;

        /// <summary>[i]: length of the longest proper beginning of the first i bytes that is also their end.</summary>
        private readonly int[] _borders;

        public Stop(string text)
        {
            Text = text;
            _bytes = Encoding.UTF8.GetBytes(text);
            _borders = new int[_bytes.Length + 1];
            for (int i = 1, border = 0; i < _bytes.Length; i++)
            {
                while (border > 0 && _bytes[i] != _bytes[border]) border = _borders[border];
                if (_bytes[i] == _bytes[border]) border++;
                _borders[i + 1] = border;
            }
        }

        public string Text { get; }

        public int Length => _bytes.Length;

        public int Matched { get; private set; }

        /// <summary>True if the byte completes the string.</summary>
        public bool Advance(byte next)
        {
            while (Matched > 0 && _bytes[Matched] != next) Matched = _borders[Matched];
            if (_bytes[Matched] == next) Matched++;
            return Matched == _bytes.Length;
        }

        public void Clear() => Matched = 0;
    }
}
