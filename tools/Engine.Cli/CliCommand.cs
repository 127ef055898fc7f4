using System.CommandLine;

namespace Engine.Cli;

/// <summary>A command that knows examples of itself.</summary>
internal sealed class CliCommand : Command
{
    public CliCommand(string name, string description, params string[] examples) : base(name, description) =>
        Examples = examples;

    public string[] Examples { get; }
}
