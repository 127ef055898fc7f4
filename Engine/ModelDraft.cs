using Engine.Sampling;

namespace Engine;

/// <summary>Guesses with a second model, drawing from its distribution after the same filters.</summary>
internal sealed class ModelDraft : IDraft
{
    private readonly Session session;
    private readonly Sampler sampler;
    private readonly int targetVocabulary;
    private readonly TokenDistribution?[] distributions;

    /// <summary>Prepares one generation.</summary>
    /// <param name="session">Conversation of the draft model, brought up to date with every guess.</param>
    /// <param name="options">Those of the target: the nearer the distributions, the more guesses hold.</param>
    /// <param name="targetVocabulary">Logits of the target: guesses beyond them are none.</param>
    /// <param name="maxDraftTokens">Most guesses at a time.</param>
    public ModelDraft(Session session, SamplingOptions options, int targetVocabulary, int maxDraftTokens)
    {
        this.session = session;
        this.targetVocabulary = targetVocabulary;
        int vocabulary = session.Model.VocabularySize;
        var bias = new Dictionary<int, float>(options.LogitBias.Where(pair => pair.Key < vocabulary));
        // Its random numbers must be independent of those that accept: another sequence, as repeatable.
        SamplingOptions own = options with { LogitBias = bias, Seed = ~options.Seed };
        sampler = new Sampler(own, vocabulary, session.ContextLength);
        distributions = new TokenDistribution?[maxDraftTokens];
        if (options.IsGreedy) return;
        for (int i = 0; i < maxDraftTokens; i++)
            distributions[i] = new TokenDistribution(sampler.MaximumCandidates);
    }

    /// <summary>Token ids must mean the same to both models; one of them may have padded its logits.</summary>
    /// <exception cref="InvalidOperationException">They do not.</exception>
    public static void CheckVocabulary(LanguageModel target, LanguageModel draft)
    {
        int count = target.Tokenizer.VocabularySize;
        bool same = draft.Tokenizer.VocabularySize == count;
        for (int id = 0; same && id < count; id++)
            same = target.Tokenizer.GetBytes(id).SequenceEqual(draft.Tokenizer.GetBytes(id));
        if (!same)
            throw new InvalidOperationException(
                $"the draft model {draft.Name} has another vocabulary than {target.Name}: its tokens mean other texts");
    }

    public int Propose(ReadOnlySpan<int> tokens, Span<int> draft)
    {
        int most = Math.Min(draft.Length, session.ContextLength - tokens.Length);
        if (most <= 0 || !Knows(tokens)) return 0;
        int kept = session.KeepPrefix(tokens);
        session.Prefill(tokens[kept..]);
        sampler.SetHistory(tokens);
        for (int i = 0; i < most; i++)
        {
            int token = session.Next(sampler, distributions[i]);
            if (token >= targetVocabulary) return i;
            sampler.Accept(token);
            draft[i] = token;
        }

        return most;
    }

    public TokenDistribution? Distribution(int index) => distributions[index];

    private bool Knows(ReadOnlySpan<int> tokens) =>
        session.Model.VocabularySize >= targetVocabulary
        || !tokens.ContainsAnyExceptInRange(0, session.Model.VocabularySize - 1);
}
