using System.CommandLine;
using System.CommandLine.Invocation;
using System.Reflection;

namespace Engine.Cli;

/// <summary><c>--version</c>.</summary>
internal sealed class VersionAction(ICliConsole console) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        console.Output.WriteLine(typeof(LanguageModel).Assembly.GetName().Version?.ToString(3));
        return ExitCodes.Done;
    }
}
