using System.Security.Cryptography;

namespace Engine.Sampling;

/// <summary>Chooses tokens from logits. One sampler serves one conversation; it is not safe for several threads.
/// </summary>
/// <remarks>All state is sized at construction: <see cref="Sample(Span{float})"/> and <see cref="Accept"/> allocate
/// nothing.</remarks>
public sealed class Sampler
{
    private readonly SamplingOptions _options;
    private readonly int _vocabularySize;
    private readonly TokenHistory? _history;
    private readonly Candidates? _candidates;
    private readonly int[] _biasedTokens;
    private readonly float[] _biases;
    private readonly float _logMinP;
    private readonly float _scale;
    private RandomSequence _random;

    /// <summary>Creates a sampler.</summary>
    /// <param name="options">Read once.</param>
    /// <param name="vocabularySize">Number of logits.</param>
    /// <param name="maxHistory">Most tokens that the penalties look back on: the length of the context.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public Sampler(SamplingOptions options, int vocabularySize, int maxHistory)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(vocabularySize);
        ArgumentOutOfRangeException.ThrowIfNegative(maxHistory);
        options.Validate();
        _options = options;
        _vocabularySize = vocabularySize;
        _biasedTokens = [.. options.LogitBias.Keys];
        _biases = [.. options.LogitBias.Values];
        foreach (int token in _biasedTokens)
        {
            if (token < vocabularySize) continue;
            throw new ArgumentOutOfRangeException(
                nameof(options.LogitBias), token, $"LogitBias: expected token ids below {vocabularySize}");
        }

        _logMinP = MathF.Log(options.MinP);

        // A temperature just above 0 must not become a scale of ∞: 0 · ∞ is not a number.
        _scale = Math.Min(1 / options.Temperature, float.MaxValue);
        bool penalizes =
            options.RepetitionPenalty != 1 || options.FrequencyPenalty != 0 || options.PresencePenalty != 0;
        int window = options.RepeatLastN < 0 ? maxHistory : Math.Min(options.RepeatLastN, maxHistory);
        if (penalizes && window > 0) _history = new TokenHistory(window, vocabularySize);
        if (!options.IsGreedy) _candidates = new Candidates(MaximumCandidates);
        Seed = options.Seed ?? BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        _random = new RandomSequence(Seed);
    }

    /// <summary>The seed in use: that of the options, or the one that was drawn.</summary>
    public ulong Seed { get; }

    /// <summary>Most tokens that the filters are given.</summary>
    internal int MaximumCandidates => UsesHeap ? Math.Min(_options.TopK, _vocabularySize) : _vocabularySize;

    private bool UsesHeap => _options.TopK > 0 && _options.TopK <= Candidates.MaximumHeap;

    /// <summary>Chooses a token; it is not accepted by that.</summary>
    /// <param name="logits">One a token; penalties and bias are applied in place. NaN counts as −∞, as what no token
    /// may be chosen for; +∞ as the largest number.</param>
    /// <returns>The token's id.</returns>
    /// <exception cref="ModelFormatException">No logit is above −∞: the weights are damaged, or all was forbidden.
    /// </exception>
    public int Sample(Span<float> logits) => Sample(logits, chosenFrom: null);

    /// <summary>As <see cref="Sample(Span{float})"/>, and keeps the distribution that the token was drawn from, unless
    /// the choice is greedy.</summary>
    internal int Sample(Span<float> logits, TokenDistribution? chosenFrom)
    {
        Weaken(logits);
        if (_candidates is null)
        {
            int best = Softmax.IndexOfMax(logits);
            return best >= 0 ? best : throw NoToken();
        }

        Filter(_candidates, logits);
        if (chosenFrom is not null) _candidates.CopyTo(chosenFrom);
        return _candidates.Draw(_random.NextDouble());
    }

    /// <summary>Chooses a token where another sampler has proposed one: as likely as possible the same, but distributed
    /// as <see cref="Sample(Span{float})"/> would (Leviathan et al., 2211.17192, section 2.3).</summary>
    /// <param name="logits">As for <see cref="Sample(Span{float})"/>.</param>
    /// <param name="proposed">The token that was proposed.</param>
    /// <param name="proposedFrom">Distribution that it was drawn from; null if it was certain.</param>
    internal int Verify(Span<float> logits, int proposed, TokenDistribution? proposedFrom)
    {
        // A certain proposal would be accepted with its own probability, and what is left else is the distribution
        // without it: that is to draw and compare, with the random numbers that a draw without proposals would take.
        if (proposedFrom is null || _candidates is null) return Sample(logits);
        Weaken(logits);
        Filter(_candidates, logits);
        if (_random.NextDouble() * proposedFrom[proposed] < _candidates.Probability(proposed)) return proposed;
        return _candidates.DrawResidual(proposedFrom, _random.NextDouble());
    }

    /// <summary>Forgets the accepted tokens and accepts these.</summary>
    internal void SetHistory(ReadOnlySpan<int> tokens)
    {
        if (_history is null) return;
        _history.Clear();
        foreach (int token in tokens[^Math.Min(_history.Window, tokens.Length)..]) _history.Add(token);
    }

    /// <summary>Applies penalties and bias.</summary>
    private void Weaken(Span<float> logits)
    {
        if (logits.Length != _vocabularySize)
            throw new ArgumentException($"expected {_vocabularySize} logits, found {logits.Length}", nameof(logits));
        _history?.Penalize(logits, _options);
        for (int i = 0; i < _biasedTokens.Length; i++) logits[_biasedTokens[i]] += _biases[i];
    }

    /// <summary>Notes a token of the conversation, prompt or answer, for the penalties.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The vocabulary has no such token.</exception>
    public void Accept(int token)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)token, (uint)_vocabularySize, nameof(token));
        _history?.Add(token);
    }

    /// <summary>Forgets the accepted tokens and starts the random sequence again.</summary>
    public void Reset()
    {
        _history?.Clear();
        _random = new RandomSequence(Seed);
    }

    /// <summary>Leaves the tokens that may be drawn, with their weights.</summary>
    private void Filter(Candidates candidates, ReadOnlySpan<float> logits)
    {
        if (UsesHeap)
        {
            candidates.CollectTop(logits, Math.Min(_options.TopK, _vocabularySize));
        }
        else
        {
            candidates.Collect(logits);
            if (_options.TopK > 0) candidates.KeepTop(_options.TopK);
        }

        if (candidates.Count == 0) throw NoToken();
        if (_options.TypicalP < 1) candidates.KeepTypical(_options.TypicalP);
        if (_options.TopP < 1) candidates.KeepNucleus(_options.TopP);
        if (_options.MinP > 0) candidates.KeepNearBest(_logMinP);
        candidates.Weigh(_scale);
    }

    private static ModelFormatException NoToken() => new(
        "sampling: expected a logit above −∞, found none: the weights are damaged, or every token was forbidden");
}
