using Engine.Sampling;

namespace Engine;

/// <summary>How text is generated.</summary>
public sealed record GenerationOptions
{
    /// <summary>How the next token is chosen.</summary>
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>Most tokens to generate; 0 = as many as the context holds, or without bound where it slides
    /// (<see cref="ContextOverflow.KeepSinksAndRecent"/>).</summary>
    public int MaxTokens { get; init; }

    /// <summary>Texts that end the generation; they are not part of the result.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Tokens that end the generation, besides the model's own end tokens.</summary>
    public IReadOnlyList<int> StopTokens { get; init; } = [];

    /// <summary>Go on where the model would end.</summary>
    public bool IgnoreEndOfGeneration { get; init; }

    /// <summary>Guess tokens ahead and evaluate several in one step: faster where the text repeats itself, or with a
    /// small model that guesses well. Null = off.</summary>
    public SpeculationOptions? Speculation { get; init; }

    /// <summary>Called while the prompt is evaluated, with the tokens that are done and all of them.</summary>
    public Action<int, int>? PromptProgress { get; init; }
}
