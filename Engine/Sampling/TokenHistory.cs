namespace Engine.Sampling;

/// <summary>The last tokens and how often each occurs among them.</summary>
internal sealed class TokenHistory(int window, int vocabularySize)
{
    private readonly int[] _ring = new int[window];
    private readonly int[] _occurrences = new int[vocabularySize];
    private int _count;
    private int _next;

    /// <summary>Tokens that count.</summary>
    public int Window => _ring.Length;

    /// <summary>Adds a token; the oldest leaves a full window.</summary>
    public void Add(int token)
    {
        if (_count == _ring.Length) _occurrences[_ring[_next]]--;
        else _count++;
        _ring[_next] = token;
        _occurrences[token]++;
        _next = _next + 1 == _ring.Length ? 0 : _next + 1;
    }

    public void Clear()
    {
        // The window is usually much shorter than the vocabulary.
        for (int i = 0; i < _count; i++) _occurrences[_ring[i]] = 0;
        (_count, _next) = (0, 0);
    }

    /// <summary>Applies the three penalties once to every token of the window.</summary>
    public void Penalize(Span<float> logits, SamplingOptions options)
    {
        for (int i = 0; i < _count; i++)
        {
            int token = _ring[i];
            int occurrences = _occurrences[token];
            if (occurrences <= 0) continue;
            float logit = logits[token];
            logit = logit > 0 ? logit / options.RepetitionPenalty : logit * options.RepetitionPenalty;
            logits[token] = logit - (occurrences * options.FrequencyPenalty) - options.PresencePenalty;

            // Its other occurrences must not apply it again: a negative count marks it as done.
            _occurrences[token] = -occurrences;
        }

        for (int i = 0; i < _count; i++) _occurrences[_ring[i]] = Math.Abs(_occurrences[_ring[i]]);
    }
}
