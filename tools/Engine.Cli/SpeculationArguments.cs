using System.CommandLine;

namespace Engine.Cli;

/// <summary>The options that guess tokens ahead, shared by <c>run</c> and <c>chat</c>.</summary>
internal sealed class SpeculationArguments
{
    private const string Lookup = "lookup", Off = "off";

    private readonly Option<string?> kind = new("--speculate")
    {
        Description = $"Guess tokens ahead from the text so far: {Lookup} or {Off} [default: {Off}]",
        HelpName = "KIND",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (text is not (Lookup or Off))
                result.AddError($"--speculate: expected {Lookup} or {Off}, found \"{text}\"");
            return text;
        },
    };

    private readonly Option<string?> draft = CliOptions.Text("--draft", "MODEL",
        "Guess tokens ahead with this smaller model of the same vocabulary");
    private readonly Option<int> draftTokens = CliOptions.Integer("--draft-tokens",
        $"Most tokens to guess at a time, at most {SpeculationOptions.LargestDraft}",
        new SpeculationOptions().MaxDraftTokens, 1);

    public void AddTo(Command command)
    {
        command.Add(kind);
        command.Add(draft);
        command.Add(draftTokens);
    }

    /// <summary>The options as given; null = off. The caller disposes the draft model.</summary>
    /// <exception cref="UsageException">They contradict each other.</exception>
    public SpeculationOptions? Read(ParseResult result, ModelArguments models)
    {
        int tokens = result.GetValue(draftTokens);
        if (tokens > SpeculationOptions.LargestDraft)
            throw new UsageException($"--draft-tokens: at most {SpeculationOptions.LargestDraft}, found {tokens}");
        string? chosen = result.GetValue(kind);
        string? path = result.GetValue(draft);
        if (path is not null && chosen == Lookup)
            throw new UsageException("give --speculate lookup or --draft, not both");
        if (chosen == Off || (chosen is null && path is null)) return null;
        return new SpeculationOptions
        {
            MaxDraftTokens = tokens,
            DraftModel = path is null ? null : models.Load(result, path),
        };
    }
}
