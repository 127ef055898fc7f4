using System.Collections.ObjectModel;

namespace Engine.Sampling;

/// <summary>How the next token is chosen. The defaults are those of llama.cpp's tools: mild randomness.</summary>
/// <remarks>The steps run in the order of llama.cpp's default chain: penalties, logit bias, top-k, typical, top-p,
/// min-p, temperature, draw. Each filter sees the distribution that the one before it left, at temperature 1.</remarks>
public sealed record SamplingOptions
{
    /// <summary>Always the token with the largest logit (after penalties and bias), the first of equals.</summary>
    public static SamplingOptions Greedy { get; } = new() { Temperature = 0 };

    /// <summary>Divides the logits before the draw: below 1 sharper, above 1 flatter; 0 or less is greedy.</summary>
    public float Temperature { get; init; } = 0.8f;

    /// <summary>Keep this many of the largest logits; 0 keeps all.</summary>
    public int TopK { get; init; } = 40;

    /// <summary>Keep the fewest most probable tokens whose probabilities reach this sum, from 0 (one token) to 1 (all).
    /// Source: Holtzman et al., The Curious Case of Neural Text Degeneration (nucleus sampling).</summary>
    public float TopP { get; init; } = 0.95f;

    /// <summary>Keep tokens at least this fraction as probable as the best, from 0 (all) to 1.</summary>
    public float MinP { get; init; } = 0.05f;

    /// <summary>Keep the tokens whose surprise is nearest the expected one until their probabilities reach this sum,
    /// above 0 to 1 (all). Source: Meister et al., Locally Typical Sampling.</summary>
    public float TypicalP { get; init; } = 1;

    /// <summary>Weakens tokens of the recent past: positive logits are divided by it, others multiplied; 1 is off.
    /// Source: Keskar et al., CTRL.</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>How many accepted tokens the three penalties look back on; 0 turns them off, −1 means all.</summary>
    public int RepeatLastN { get; init; } = 64;

    /// <summary>Subtracted from a token's logit once per occurrence in the recent past; 0 is off.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Subtracted once from the logit of every token in the recent past; 0 is off.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Added to the logits of these tokens; negative infinity forbids one.</summary>
    public IReadOnlyDictionary<int, float> LogitBias { get; init; } = ReadOnlyDictionary<int, float>.Empty;

    /// <summary>Start of the random sequence: the same seed, options and logits give the same tokens on every machine
    /// and version of .NET. Null takes a fresh one.</summary>
    public ulong? Seed { get; init; }

    /// <summary>True if no random number is needed.</summary>
    public bool IsGreedy => Temperature <= 0;

    /// <summary>Checks every value.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range; its name is the parameter's.
    /// </exception>
    public void Validate()
    {
        Check(!float.IsNaN(Temperature) && Temperature < float.PositiveInfinity, nameof(Temperature), Temperature,
            "a number");
        Check(TopK >= 0, nameof(TopK), TopK, "0 or more");
        Check(TopP is >= 0 and <= 1, nameof(TopP), TopP, "from 0 to 1");
        Check(MinP is >= 0 and <= 1, nameof(MinP), MinP, "from 0 to 1");
        Check(TypicalP is > 0 and <= 1, nameof(TypicalP), TypicalP, "above 0 to 1");
        Check(RepetitionPenalty is > 0 and < float.PositiveInfinity, nameof(RepetitionPenalty), RepetitionPenalty,
            "above 0");
        Check(RepeatLastN >= -1, nameof(RepeatLastN), RepeatLastN, "−1 or more");
        Check(float.IsFinite(FrequencyPenalty), nameof(FrequencyPenalty), FrequencyPenalty, "a finite number");
        Check(float.IsFinite(PresencePenalty), nameof(PresencePenalty), PresencePenalty, "a finite number");
        ArgumentNullException.ThrowIfNull(LogitBias);
        foreach ((int token, float bias) in LogitBias)
        {
            Check(token >= 0, nameof(LogitBias), token, "token ids of 0 or more");
            Check(!float.IsNaN(bias), nameof(LogitBias), bias, "numbers");
        }
    }

    private static void Check(bool valid, string name, object value, string expected)
    {
        if (!valid) throw new ArgumentOutOfRangeException(name, value, $"{name}: expected {expected}, found {value}");
    }
}
