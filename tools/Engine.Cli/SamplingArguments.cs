using System.CommandLine;
using System.Globalization;
using Engine.Sampling;

namespace Engine.Cli;

/// <summary>The options that choose tokens and ends, shared by <c>run</c> and <c>chat</c>.</summary>
internal sealed class SamplingArguments
{
    private static readonly SamplingOptions Defaults = new();

    private readonly Option<bool> greedy = CliOptions.Flag("--greedy", "Always the most probable token");
    private readonly Option<float> temperature = CliOptions.Number("--temperature",
        "Below 1 sharper, above 1 wilder; 0 is greedy", Defaults.Temperature, 0, float.MaxValue, "--temp");
    private readonly Option<int> topK = CliOptions.Integer("--top-k", "Choose among this many tokens; 0 = all",
        Defaults.TopK, 0);
    private readonly Option<float> topP = CliOptions.Number("--top-p",
        "Choose among the likeliest tokens that reach this sum", Defaults.TopP, 0, 1);
    private readonly Option<float> minP = CliOptions.Number("--min-p",
        "Choose among tokens at least this fraction as likely as the best", Defaults.MinP, 0, 1);
    private readonly Option<float> typical = CliOptions.Number("--typical",
        "Choose among the most typical tokens that reach this sum", Defaults.TypicalP, float.Epsilon, 1, "--typical-p");
    private readonly Option<float> repetition = CliOptions.Number("--repetition-penalty",
        "Divides the logits of recent tokens", Defaults.RepetitionPenalty, float.Epsilon, float.MaxValue,
        "--repeat-penalty");
    private readonly Option<int> repeatLast = CliOptions.Integer("--repeat-last-n",
        "Tokens that the penalties look back on; 0 = off, -1 = all", Defaults.RepeatLastN, -1);
    private readonly Option<float> frequency = CliOptions.Number("--frequency-penalty",
        "Subtracted for every recent occurrence", Defaults.FrequencyPenalty, float.MinValue, float.MaxValue);
    private readonly Option<float> presence = CliOptions.Number("--presence-penalty",
        "Subtracted once from recent tokens", Defaults.PresencePenalty, float.MinValue, float.MaxValue);
    private readonly Option<string[]> bias = CliOptions.Texts("--logit-bias", "ID=X",
        "Adds X to the logit of a token; -inf forbids it; may be repeated");
    private readonly Option<ulong?> seed = CliOptions.Seed();
    private readonly Option<string[]> stop = CliOptions.Texts("--stop", "TEXT", "Ends the text; may be repeated");
    private readonly Option<int[]> stopTokens = new("--stop-token")
    {
        Description = "Id of a token that ends the text; may be repeated",
        HelpName = "ID",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<bool> ignoreEnd = CliOptions.Flag("--ignore-eos", "Go on where the model would end");
    private readonly Option<int> maxTokens;

    public SamplingArguments(int defaultMaxTokens) => maxTokens = CliOptions.Integer("--max-tokens",
        "Most tokens to generate; 0 = as many as the context holds", defaultMaxTokens, 0, "-n");

    public int MaxTokens(ParseResult result) => result.GetValue(maxTokens);

    public void AddTo(Command command)
    {
        foreach (Option option in (ReadOnlySpan<Option>)
            [
                maxTokens, temperature, greedy, topK, topP, minP, typical, repetition, repeatLast, frequency, presence,
                bias, seed, stop, stopTokens, ignoreEnd,
            ])
            command.Add(option);
    }

    /// <summary>The options as given.</summary>
    /// <exception cref="UsageException">A bias is not of the form ID=X.</exception>
    public GenerationOptions Read(ParseResult result) => new()
    {
        MaxTokens = result.GetValue(maxTokens),
        StopStrings = [.. result.GetRequiredValue(stop).Where(text => text.Length > 0)],
        StopTokens = result.GetRequiredValue(stopTokens),
        IgnoreEndOfGeneration = result.GetValue(ignoreEnd),
        Sampling = new SamplingOptions
        {
            Temperature = result.GetValue(greedy) ? 0 : result.GetValue(temperature),
            TopK = result.GetValue(topK),
            TopP = result.GetValue(topP),
            MinP = result.GetValue(minP),
            TypicalP = result.GetValue(typical),
            RepetitionPenalty = result.GetValue(repetition),
            RepeatLastN = result.GetValue(repeatLast),
            FrequencyPenalty = result.GetValue(frequency),
            PresencePenalty = result.GetValue(presence),
            LogitBias = ReadBias(result.GetRequiredValue(bias)),
            Seed = result.GetValue(seed),
        },
    };

    private static Dictionary<int, float> ReadBias(string[] texts)
    {
        var biases = new Dictionary<int, float>();
        foreach (string text in texts)
        {
            int equals = text.IndexOf('=');
            if (equals < 0
                || !int.TryParse(text.AsSpan(0, equals), NumberStyles.None, CultureInfo.InvariantCulture, out int token)
                || !TryParseBias(text.AsSpan(equals + 1), out float value))
                throw new UsageException($"--logit-bias: expected ID=X, such as 42=-1.5 or 42=-inf, found \"{text}\"");
            biases[token] = value;
        }

        return biases;
    }

    private static bool TryParseBias(ReadOnlySpan<char> text, out float value)
    {
        value = float.NegativeInfinity;
        return text.SequenceEqual("-inf")
            || float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && !float.IsNaN(value);
    }
}
