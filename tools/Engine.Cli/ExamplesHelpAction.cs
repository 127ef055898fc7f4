using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Engine.Cli;

/// <summary><c>--help</c>, followed by the command's examples.</summary>
internal sealed class ExamplesHelpAction(HelpAction inner) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        int code = inner.Invoke(parseResult);
        string[] examples = parseResult.CommandResult.Command is CliCommand command ? command.Examples : RootExamples;
        TextWriter output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (string example in examples) output.WriteLine("  " + example);
        return code;
    }

    private static readonly string[] RootExamples =
    [
        "engine run --prompt \"Tell me a story about a fox.\"",
        "engine chat my-model.gguf",
        "engine info my-model.gguf",
    ];
}
