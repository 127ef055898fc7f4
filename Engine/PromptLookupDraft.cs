using Engine.Sampling;

namespace Engine;

/// <summary>Guesses that what followed the last tokens before follows them again.</summary>
internal sealed class PromptLookupDraft(int minNGram, int maxNGram) : IDraft
{
    public int Propose(ReadOnlySpan<int> tokens, Span<int> draft)
    {
        // The last token is left out: a match must have a continuation, and the end is no match of itself.
        ReadOnlySpan<int> earlier = tokens[..Math.Max(0, tokens.Length - 1)];
        for (int length = Math.Min(maxNGram, earlier.Length); length >= minNGram; length--)
        {
            int found = earlier.LastIndexOf(tokens[^length..]);
            if (found < 0) continue;
            // Where the match reaches into the end itself, the text has a period: it goes on into the guesses.
            int source = found + length;
            for (int i = 0; i < draft.Length; i++, source++)
                draft[i] = source < tokens.Length ? tokens[source] : draft[source - tokens.Length];
            return draft.Length;
        }

        return 0;
    }

    public TokenDistribution? Distribution(int index) => null;
}
