using System.CommandLine;

namespace Engine.Cli;

/// <summary>The options that say what a full cache does and how much of it is read.</summary>
/// <param name="slides">Whether the command lets the context slide.</param>
internal sealed class CacheArguments(bool slides)
{
    private const string Stop = "stop", Slide = "slide";

    private readonly Option<string> overflow = new("--overflow")
    {
        Description = $"When the context is full: {Stop}, or {Slide}: give up the oldest tokens behind the first ones",
        HelpName = "HOW",
        DefaultValueFactory = _ => Stop,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (text is not (Stop or Slide))
                result.AddError($"--overflow: expected {Stop} or {Slide}, found \"{text}\"");
            return text;
        },
    };

    private readonly Option<int> sinks = CliOptions.Integer("--sinks",
        "First tokens that always stay and are always read", new SessionOptions().SinkTokens, 0);

    private readonly Option<int> pageBudget = CliOptions.Integer("--page-budget",
        "Tokens that each new token reads at most, those that matter most to it; 0 = all, exactly", 0, 0);

    public void AddTo(Command command)
    {
        if (slides) command.Add(overflow);
        command.Add(sinks);
        command.Add(pageBudget);
    }

    public bool Slides(ParseResult result) => slides && result.GetValue(overflow) == Slide;

    public int PageBudget(ParseResult result) => result.GetValue(pageBudget);

    /// <summary>The session's options with those that were given.</summary>
    public SessionOptions Apply(ParseResult result, SessionOptions options) => options with
    {
        Overflow = Slides(result) ? ContextOverflow.KeepSinksAndRecent : ContextOverflow.Stop,
        SinkTokens = result.GetValue(sinks),
        PageBudget = PageBudget(result),
    };
}
