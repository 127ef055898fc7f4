namespace Engine;

/// <summary>What a generation gave.</summary>
public sealed record GenerationResult
{
    /// <summary>The generated text, without the stop string that ended it.</summary>
    public required string Text { get; init; }

    /// <summary>Ids of the generated tokens, without the end token that ended it.</summary>
    public required IReadOnlyList<int> Tokens { get; init; }

    /// <summary>Why it ended.</summary>
    public required StopReason StopReason { get; init; }

    /// <summary>Tokens of the prompt that were evaluated.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Tokens that were guessed ahead (<see cref="GenerationOptions.Speculation"/>).</summary>
    public int DraftTokens { get; init; }

    /// <summary>Of <see cref="DraftTokens"/> those that became part of the text.</summary>
    public int AcceptedTokens { get; init; }

    /// <summary>Time to evaluate the prompt.</summary>
    public required TimeSpan PromptTime { get; init; }

    /// <summary>Time from the end of the prompt to the end of the text.</summary>
    public required TimeSpan GenerationTime { get; init; }
}
