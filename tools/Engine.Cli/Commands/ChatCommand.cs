using System.CommandLine;
using System.Text;
using Engine.Text;

namespace Engine.Cli.Commands;

/// <summary><c>engine chat</c>: a conversation, line by line.</summary>
internal sealed class ChatCommand
{
    private readonly ICliConsole console;
    private readonly Argument<string?> model = CliOptions.OptionalModel();
    private readonly Option<string?> system = CliOptions.Text("--system", "TEXT", "System message of the conversation");
    private readonly Option<bool> json = CliOptions.Flag("--json", "Print one JSON object a line for each answer");
    private readonly SamplingArguments sampling = new(defaultMaxTokens: 0);
    private readonly SpeculationArguments speculation = new();
    private readonly CacheArguments cache = new(slides: true);
    private readonly SessionFileArguments files = new();
    private readonly ModelArguments arguments = new(
        $"Context in tokens; 0 = what the model was trained for, at most {SessionOptions.DefaultContextLength}",
        defaultPack: true);

    private volatile CancellationTokenSource? answer;
    private bool slides;

    private ChatCommand(ICliConsole console) => this.console = console;

    public static Command Create(ICliConsole console)
    {
        var self = new ChatCommand(console);
        var command = new CliCommand("chat", "Talks with a model. /reset forgets the conversation, /exit leaves; "
            + "Ctrl-C stops an answer, and leaves where there is none.",
            "engine chat", "engine chat my-model.gguf --system \"You are a pirate.\"")
        {
            self.model, self.system, self.json,
        };
        self.sampling.AddTo(command);
        self.speculation.AddTo(command);
        self.cache.AddTo(command);
        self.files.AddTo(command);
        self.arguments.AddTo(command);
        command.SetAction(self.Run);
        return command;
    }

    private int Run(ParseResult result)
    {
        GenerationOptions options = sampling.Read(result);
        using LanguageModel loaded = arguments.Load(result, result.GetValue(model) ?? DefaultModel.Find(),
            progress: new Progress(console, result.GetValue(json)));
        if (loaded.ChatTemplate is null)
            throw new InvalidOperationException(
                $"{loaded.Name} has no chat template, so it cannot chat; engine run --raw lets it continue a text");
        options = options with { Speculation = speculation.Read(result, arguments) };
        using LanguageModel? draft = options.Speculation?.DraftModel;
        using SavedSession? saved = files.Open(result, loaded);
        var history = new List<ChatMessage>();
        string? instruction = result.GetValue(system);
        using Session session = Open(result, loaded, saved, history, instruction);
        using IDisposable interrupt = console.OnInterrupt(Interrupt);
        using var input = new StreamReader(console.Input, new UTF8Encoding(false), leaveOpen: true);
        if (console.InputIsTerminal) Say($"{loaded.Name}. /reset forgets, /exit leaves, Ctrl-C stops an answer.");
        while (Ask(input) is { } line && line.Trim() != "/exit")
        {
            switch (line.Trim())
            {
                case "": break;
                case "/reset":
                    Begin(history, instruction);
                    session.Reset();
                    Say("The conversation is forgotten.");
                    break;
                default:
                    Answer(session, history, line, options, result.GetValue(json));
                    break;
            }
        }

        files.Save(result, session, history);
        return ExitCodes.Done;
    }

    private Session Open(ParseResult result, LanguageModel loaded, SavedSession? saved, List<ChatMessage> history,
        string? instruction)
    {
        int context = arguments.Context(result);
        Begin(history, instruction);
        if (saved is null)
        {
            slides = cache.Slides(result);
            return loaded.CreateSession(cache.Apply(result, arguments.Session(result, context)));
        }

        if (instruction is not null)
            throw new UsageException("--system comes before a conversation: the saved one has begun already");
        history.AddRange(SessionFileArguments.Read(saved) ?? throw new InvalidOperationException(
            "the saved session is a text without messages; engine run --load-session goes on with it"));
        slides = saved.Slides;
        int usual = Math.Min(SessionOptions.DefaultContextLength, loaded.TrainedContextLength);
        if (context == 0) context = SessionFileArguments.Context(saved, loaded, usual);
        return saved.Restore(context, cache.PageBudget(result), arguments.Session(result, context).Attention);
    }

    private static void Begin(List<ChatMessage> history, string? instruction)
    {
        history.Clear();
        if (instruction is not null) history.Add(new ChatMessage("system", instruction));
    }

    private string? Ask(StreamReader input)
    {
        if (console.InputIsTerminal)
        {
            console.Error.Write(Style.Bold("> "));
            console.Error.Flush();
        }

        return input.ReadLine();
    }

    private void Answer(Session session, List<ChatMessage> history, string line, GenerationOptions options, bool asJson)
    {
        history.Add(new ChatMessage("user", line));
        int[] ids = session.Model.Tokenize(session.Model.FormatChat(history));
        if (ids.Length >= session.ContextLength && !slides)
        {
            history.RemoveAt(history.Count - 1);
            Say($"The conversation has {ids.Length} tokens and the context only {session.ContextLength}: /reset, or "
                + "start again with a larger --context or --overflow slide.");
            return;
        }

        // Only what the template has added since the last answer is evaluated.
        int kept = session.KeepPrefix(ids);
        using var cancel = new CancellationTokenSource();
        var progress = new Progress(console, asJson);
        answer = cancel;
        GenerationResult generation;
        try
        {
            generation = session.Generate(ids.AsSpan(kept),
                options with { PromptProgress = (done, total) => progress.Report("prompt", done, total) },
                piece =>
                {
                    progress.Clear();
                    if (asJson) return;
                    console.Output.Write(piece);
                    console.Output.Flush();
                },
                cancel.Token);
        }
        finally
        {
            answer = null;
        }

        history.Add(new ChatMessage("assistant", generation.Text));
        Finish(generation, asJson);
    }

    private void Finish(GenerationResult generation, bool asJson)
    {
        if (asJson)
        {
            JsonResult.Write(console, writer =>
            {
                writer.WriteString("text", generation.Text);
                JsonResult.Numbers(writer, "tokens", generation.Tokens);
                writer.WriteNumber("prompt_tokens", generation.PromptTokens);
                writer.WriteNumber("draft_tokens", generation.DraftTokens);
                writer.WriteNumber("accepted_tokens", generation.AcceptedTokens);
                writer.WriteString("stop_reason", RunCommand.NameOf(generation.StopReason));
            });
        }
        else
        {
            console.Output.WriteLine();
            if (generation.StopReason == StopReason.Cancelled) Say("[stopped]");
            if (generation.StopReason == StopReason.Context) Say("[the context is full: /reset]");
        }

        console.Output.Flush();
    }

    private void Say(string message)
    {
        console.Error.WriteLine(console.ErrorIsTerminal ? Style.Dim(message) : message);
        console.Error.Flush();
    }

    /// <summary>Stops the answer; where there is none (any more), the process ends.</summary>
    private bool Interrupt()
    {
        CancellationTokenSource? running = answer;
        if (running is null || running.IsCancellationRequested) return false;
        try
        {
            running.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended at this very moment.
        }

        return true;
    }
}
