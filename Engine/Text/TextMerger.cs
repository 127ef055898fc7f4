using Engine.Text.Patterns;

namespace Engine.Text;

/// <summary>Joins neighbouring characters into tokens by score, the highest first and leftmost among equals.</summary>
/// <remarks>Scratch, not thread-safe.</remarks>
internal sealed class TextMerger
{
    private readonly PriorityQueue<Candidate, ulong> _queue = new();
    private int[] _starts = new int[256];
    private int[] _next = new int[256];
    private int[] _previous = new int[256];
    private int[] _tokens = new int[256];

    private readonly record struct Candidate(int Left, int Right, int Bytes, int Token);

    /// <summary>Number of characters; symbols lie at some of their indices.</summary>
    public int Count { get; private set; }

    /// <summary>Index of the symbol after symbol <paramref name="index"/>.</summary>
    public int Next(int index) => _next[index];

    /// <summary>Where symbol <paramref name="index"/> begins in the text.</summary>
    public int Start(int index) => _starts[index];

    /// <summary>The token of symbol <paramref name="index"/>, or −1.</summary>
    public int Token(int index) => _tokens[index];

    /// <summary>Joins until nothing joins any more.</summary>
    public void Merge(ReadOnlySpan<byte> text, Vocabulary vocabulary)
    {
        Reserve(text.Length + 1);
        Count = 0;
        for (int position = 0; position < text.Length;)
        {
            Utf8Text.Decode(text, position, out int length);
            _starts[Count] = position;
            _next[Count] = Count + 1;
            _previous[Count] = Count - 1;
            _tokens[Count] = vocabulary.Table.Find(text.Slice(position, length));
            Count++;
            position += length;
        }

        _starts[Count] = text.Length;
        _queue.Clear();
        for (int i = 0; i + 1 < Count; i++) Enqueue(text, vocabulary, i, i + 1);
        while (_queue.TryDequeue(out Candidate candidate, out _))
        {
            (int left, int right) = (candidate.Left, candidate.Right);
            // Stale: one side was joined with another since, or swallowed.
            if (_next[left] != right || _starts[_next[right]] - _starts[left] != candidate.Bytes) continue;
            _tokens[left] = candidate.Token;
            int after = _next[right];
            _next[left] = after;
            _next[right] = right;
            if (after < Count)
            {
                _previous[after] = left;
                Enqueue(text, vocabulary, left, after);
            }

            if (_previous[left] >= 0) Enqueue(text, vocabulary, _previous[left], left);
        }
    }

    private void Enqueue(ReadOnlySpan<byte> text, Vocabulary vocabulary, int left, int right)
    {
        int start = _starts[left], end = _starts[_next[right]];
        int token = vocabulary.Table.Find(text[start..end]);
        if (token < 0) return;
        float score = vocabulary.Definition.Scores.Span[token];
        _queue.Enqueue(new Candidate(left, right, end - start, token), Order(score, left));
    }

    /// <summary>Falling score, then rising position, as one number: a float's bits order like an integer once those of
    /// negative numbers are flipped.</summary>
    private static ulong Order(float score, int left)
    {
        uint bits = BitConverter.SingleToUInt32Bits(score + 0f);
        uint rising = (bits >> 31) != 0 ? ~bits : bits | 0x8000_0000;
        return ((ulong)~rising << 32) | (uint)left;
    }

    private void Reserve(int count)
    {
        if (_starts.Length >= count) return;
        int size = Math.Max(count, _starts.Length * 2);
        _starts = new int[size];
        _next = new int[size];
        _previous = new int[size];
        _tokens = new int[size];
    }
}
