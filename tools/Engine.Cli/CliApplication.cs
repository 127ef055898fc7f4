using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.Text.Json;
using Engine.Cli.Commands;
using Engine.Text;

namespace Engine.Cli;

/// <summary>The command <c>engine</c>: parses, runs, and turns errors into messages and exit codes.</summary>
internal static class CliApplication
{
    /// <summary>Runs one command line.</summary>
    /// <returns>The exit code, see <see cref="ExitCodes"/>.</returns>
    public static int Run(IReadOnlyList<string> arguments, ICliConsole console)
    {
        try
        {
            return Execute(arguments, console);
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Interrupted;
        }
        catch (UsageException error)
        {
            return Complain(console, error.Message, ExitCodes.WrongUsage);
        }
        catch (Exception error) when (error is ModelFormatException or IOException or UnauthorizedAccessException
            or InvalidOperationException or ArgumentException or PlatformNotSupportedException or OutOfMemoryException
            or JsonException or InvalidDataException)
        {
            return Complain(console, MessageOf(error), ExitCodes.Failed);
        }
        catch (ChatTemplateException error)
        {
            // What the template itself says is for its author's reader, word for word.
            if (error.RaisedByTemplate) return Say(console, error.Message, ExitCodes.Failed);
            string place = error.Line > 0 ? $" (line {error.Line} of the template)" : "";
            return Complain(console, error.Message + place, ExitCodes.Failed);
        }
        catch (Exception error)
        {
            return Complain(console, "internal error: " + error, ExitCodes.Failed);
        }
        finally
        {
            Flush(console.Output);
            Flush(console.Error);
        }
    }

    private static int Execute(IReadOnlyList<string> arguments, ICliConsole console)
    {
        Command root = BuildRoot(console);
        // "@name" is text like any other here, not a file with more arguments.
        var parser = new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false };
        ParseResult result = root.Parse(arguments, parser);
        if (arguments.Count == 0)
        {
            root.Parse(["--help"], parser).Invoke(new InvocationConfiguration { Output = console.Error });
            return ExitCodes.WrongUsage;
        }

        if (result.Errors.Count > 0 && result.Action is not (HelpAction or ExamplesHelpAction or VersionAction))
        {
            string command = result.CommandResult.Command == root ? "" : " " + result.CommandResult.Command.Name;
            throw new UsageException($"{WrongUsage(result)} (engine{command} --help tells more)");
        }

        var invocation = new InvocationConfiguration
        {
            Output = console.Output,
            Error = console.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        return result.Invoke(invocation);
    }

    /// <summary>What is wrong with a command line that has errors.</summary>
    private static string WrongUsage(ParseResult result)
    {
        if (result.CommandResult.Parent is null && result.UnmatchedTokens.Count > 0)
            return $"unknown command {result.UnmatchedTokens[0]}";
        // A misspelt option that was taken for an argument comes first: what is left over is its value.
        ParseError error = result.Errors.FirstOrDefault(one => one.SymbolResult is ArgumentResult) ?? result.Errors[0];
        string message = string.Join(' ', error.Message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return error.SymbolResult is OptionResult { Option.Name: var name } && !message.Contains(name)
            ? $"{name}: {message}" : message;
    }

    // A plain Command, because a RootCommand takes its name from the executable's file.
    private static Command BuildRoot(ICliConsole console)
    {
        var root = new Command("engine", "Runs language models in GGUF files on the CPU.")
        {
            RunCommand.Create(console),
            ChatCommand.Create(console),
            InfoCommand.Create(console),
            PackCommand.Create(console),
            TokenizeCommand.Create(console),
            TemplateCommand.Create(console),
            LogitsCommand.Create(console),
            PerplexityCommand.Create(console),
            CalibrateCommand.Create(console),
            BenchCommand.Create(console),
            SelfTestCommand.Create(console),
        };
        var help = new HelpOption();
        help.Action = new ExamplesHelpAction((HelpAction)help.Action!);
        root.Add(help);
        root.Add(new Option<bool>("--version")
        {
            Description = "Show the version",
            Action = new VersionAction(console),
        });
        return root;
    }

    // The framework appends the name of the parameter, which says nothing to somebody who typed a command.
    private static string MessageOf(Exception error)
    {
        int suffix = error is ArgumentException { ParamName: { } name }
            ? error.Message.IndexOf($" (Parameter '{name}')", StringComparison.Ordinal) : -1;
        return suffix < 0 ? error.Message : error.Message[..suffix];
    }

    private static int Complain(ICliConsole console, string message, int code) =>
        Say(console, message.ReplaceLineEndings(" ").Trim(), code);

    private static int Say(ICliConsole console, string message, int code)
    {
        // Results that came before the error belong before it, also where both streams end in one place.
        Flush(console.Output);
        console.Error.WriteLine("engine: " + message);
        return code;
    }

    private static void Flush(TextWriter writer)
    {
        try
        {
            writer.Flush();
        }
        catch (IOException)
        {
            // The reader has gone, as in "engine … | head": nobody is left to be told.
        }
    }
}
