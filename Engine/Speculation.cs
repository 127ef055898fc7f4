using Engine.Sampling;

namespace Engine;

/// <summary>The state of guessing ahead during one generation: how much to guess, and the tokens that are decided but
/// not handed out yet.</summary>
internal sealed class Speculation(IDraft draft, int maxDraftTokens)
{
    // Guesses, and one of the model's own.
    private readonly int[] decided = new int[maxDraftTokens + 1];
    private int next;
    private int count;
    private int length = maxDraftTokens;

    /// <summary>Tokens that were guessed.</summary>
    public int DraftTokens { get; private set; }

    /// <summary>Of them those that became part of the text.</summary>
    public int AcceptedTokens { get; private set; }

    /// <summary>True while decided tokens wait.</summary>
    public bool HasDecided => next < count;

    /// <summary>Guesses the next tokens.</summary>
    /// <returns>Guesses that were made.</returns>
    public int Propose(ReadOnlySpan<int> tokens, Span<int> room)
    {
        int most = Math.Min(length, room.Length);
        return most <= 0 ? 0 : draft.Propose(tokens, room[..most]);
    }

    /// <summary>Decides the tokens of a step: guesses as far as the model agrees, then one of its own.</summary>
    /// <param name="guesses">At most the number given to the constructor.</param>
    /// <param name="logits">Rows of logits of the token before the guesses and of each guess; overwritten.</param>
    /// <param name="sampler">Accepts the tokens.</param>
    /// <returns>Guesses that hold.</returns>
    public int Decide(ReadOnlySpan<int> guesses, Span<float> logits, Sampler sampler)
    {
        int vocabulary = logits.Length / (guesses.Length + 1);
        next = count = 0;
        while (true)
        {
            int place = count;
            Span<float> row = logits.Slice(place * vocabulary, vocabulary);
            int token = place == guesses.Length ? sampler.Sample(row)
                : sampler.Verify(row, guesses[place], draft.Distribution(place));
            sampler.Accept(token);
            decided[count++] = token;
            if (place < guesses.Length && token == guesses[place]) continue;
            DraftTokens += guesses.Length;
            // A wrong guess costs its row for nothing: guess about as much as held the last time, more while all holds.
            length = Math.Min(decided.Length - 1, place == guesses.Length ? 2 * length : place + 1);
            return place;
        }
    }

    /// <summary>The next decided token.</summary>
    public int Take()
    {
        int token = decided[next++];
        if (next < count) AcceptedTokens++;
        return token;
    }
}
