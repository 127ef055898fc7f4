using Engine.Sampling;

namespace Engine;

/// <summary>Guesses how a text goes on. Allocates nothing per guess.</summary>
internal interface IDraft
{
    /// <summary>Writes guesses of the next tokens.</summary>
    /// <param name="tokens">The text so far.</param>
    /// <param name="draft">Room for the guesses.</param>
    /// <returns>Guesses that were made; 0 where there is no idea.</returns>
    int Propose(ReadOnlySpan<int> tokens, Span<int> draft);

    /// <summary>The distribution from which the guess was drawn; null if it was the only one possible.</summary>
    TokenDistribution? Distribution(int index);
}
