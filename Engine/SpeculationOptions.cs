using Engine.Transformer;

namespace Engine;

/// <summary>How tokens are guessed ahead, so that several are evaluated in one step. What is generated does not change
/// by it: greedy choices stay the same, random ones keep their distribution.</summary>
/// <remarks>Sources: Leviathan et al., Fast Inference from Transformers via Speculative Decoding (2211.17192); Saxena,
/// Prompt Lookup Decoding. See docs/speculation.md.</remarks>
public sealed record SpeculationOptions
{
    /// <summary>Largest <see cref="MaxDraftTokens"/>: a step of more rows would round otherwise than single tokens.
    /// </summary>
    public const int LargestDraft = ForwardPass.IndependentRows - 1;

    /// <summary>A second, smaller model that guesses; it must have the same vocabulary. Null = prompt lookup: what
    /// followed the last tokens where they occurred before. The caller owns it and disposes it after the sessions that
    /// used it.</summary>
    public LanguageModel? DraftModel { get; init; }

    /// <summary>Most tokens that are guessed for a step, from 1 to <see cref="LargestDraft"/>; fewer while guesses
    /// fail.</summary>
    public int MaxDraftTokens { get; init; } = 8;

    /// <summary>Fewest tokens at the end of the text that prompt lookup must find earlier in it.</summary>
    public int MinNGram { get; init; } = 2;

    /// <summary>Most tokens that prompt lookup compares: longer matches are tried first.</summary>
    public int MaxNGram { get; init; } = 4;

    /// <summary>Checks every value.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range; its name is the parameter's.
    /// </exception>
    public void Validate()
    {
        Check(MaxDraftTokens is >= 1 and <= LargestDraft, nameof(MaxDraftTokens), MaxDraftTokens,
            $"from 1 to {LargestDraft}");
        Check(MinNGram >= 1, nameof(MinNGram), MinNGram, "1 or more");
        Check(MaxNGram >= MinNGram, nameof(MaxNGram), MaxNGram, $"at least {nameof(MinNGram)}, which is {MinNGram}");
    }

    private static void Check(bool valid, string name, int value, string expected)
    {
        if (!valid) throw new ArgumentOutOfRangeException(name, value, $"{name}: expected {expected}, found {value}");
    }
}
