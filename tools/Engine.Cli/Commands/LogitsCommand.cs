using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Engine.Cli.Commands;

/// <summary><c>engine logits</c>: the logits of every position of a token sequence.</summary>
internal sealed class LogitsCommand
{
    private static readonly char[] WhiteSpace = [' ', '\t', '\r', '\n', '\v', '\f'];

    private readonly ICliConsole console;
    private readonly Argument<string> model = CliOptions.Model();
    private readonly Option<string> tokens = new("--tokens")
    {
        Description = "File with token ids, separated by white space; nothing is added to them",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<string> output = new("--output", "-o")
    {
        Description = "File to write: little-endian float32, [ids, vocabulary]",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<int> chunk = CliOptions.Integer("--chunk", "Positions of one step; 0 = 512", 0, 0);
    private readonly Option<bool> json = CliOptions.Json();
    private readonly ModelArguments arguments = new("Context in tokens; 0 = exactly the number of ids");

    private LogitsCommand(ICliConsole console) => this.console = console;

    public static Command Create(ICliConsole console)
    {
        var self = new LogitsCommand(console);
        var command = new CliCommand("logits", "Writes the logits of every position of a token sequence.",
            "engine logits my-model.gguf --tokens ids.txt --output logits.f32",
            "engine logits my-model.gguf --tokens ids.txt --output logits.f32 --chunk 1 --cache-type f32")
        {
            self.model, self.tokens, self.output, self.chunk, self.json,
        };
        self.arguments.AddTo(command);
        command.SetAction(self.Run);
        return command;
    }

    private int Run(ParseResult result)
    {
        int[] ids = ReadIds(result.GetRequiredValue(tokens));
        int step = result.GetValue(chunk);
        int context = arguments.Context(result);
        if (context > 0 && context < ids.Length)
            throw new InvalidOperationException($"there are {ids.Length} ids, but --context allows only {context}");
        using var interruption = new Interruption(console);
        using LanguageModel loaded = arguments.Load(result, result.GetRequiredValue(model),
            Math.Min(ids.Length, step == 0 ? 512 : step));
        using Session session = loaded.CreateSession(
            arguments.Session(result, context == 0 ? ids.Length : context));
        bool asJson = result.GetValue(json);
        Write(session, ids, step, result.GetRequiredValue(output), asJson, interruption.Token);
        if (asJson)
            JsonResult.Write(console, writer =>
            {
                writer.WriteNumber("positions", ids.Length);
                writer.WriteNumber("vocabulary", loaded.VocabularySize);
                writer.WriteString("output", result.GetRequiredValue(output));
            });
        else
            console.Output.WriteLine($"{ids.Length} x {loaded.VocabularySize}");
        return ExitCodes.Done;
    }

    private void Write(Session session, int[] ids, int step, string path, bool asJson, CancellationToken cancellation)
    {
        var progress = new Progress(console, asJson);
        bool complete = false;
        try
        {
            using (FileStream file = File.Create(path))
            {
                session.Evaluate(
                    ids,
                    (position, logits) =>
                    {
                        file.Write(MemoryMarshal.AsBytes(logits));
                        progress.Report("logits", position + logits.Length / session.Model.VocabularySize, ids.Length);
                    },
                    step, cancellation);
            }

            complete = true;
        }
        finally
        {
            progress.Clear();
            if (!complete) File.Delete(path);
        }
    }

    private static int[] ReadIds(string path)
    {
        string[] parts = InputFiles.ReadText(path).Split(WhiteSpace, StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length == 0) throw new InvalidDataException($"{path}: there are no token ids");
        var ids = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
            if (!int.TryParse(parts[i], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out ids[i]))
                throw new InvalidDataException($"{path}: entry {i + 1}: expected a token id, found \"{parts[i]}\"");
        return ids;
    }
}
