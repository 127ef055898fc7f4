using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Engine.Text;

namespace Engine.Cli.Commands;

/// <summary><c>engine run</c>: one prompt, one answer.</summary>
internal sealed class RunCommand
{
    private const int DefaultMaxTokens = 512;

    private readonly ICliConsole console;
    private readonly Argument<string?> model = CliOptions.OptionalModel();
    private readonly Option<string?> prompt = CliOptions.Text("--prompt", "TEXT", "The prompt", "-p");
    private readonly Option<string?> file = CliOptions.Text("--file", "FILE",
        "File with the prompt, taken as it stands", "-f");
    private readonly Option<string?> system = CliOptions.Text("--system", "TEXT", "System message before the prompt");
    private readonly Option<bool> raw = CliOptions.Flag("--raw", "Continue the text itself: no chat template");
    private readonly Option<bool> json = CliOptions.Json();
    private readonly SamplingArguments sampling = new(DefaultMaxTokens);
    private readonly SpeculationArguments speculation = new();
    private readonly CacheArguments cache = new(slides: true);
    private readonly SessionFileArguments files = new();
    private readonly ModelArguments arguments = new(
        "Context in tokens; 0 = enough for prompt and answer, within what the model was trained for");

    private RunCommand(ICliConsole console) => this.console = console;

    public static Command Create(ICliConsole console)
    {
        var self = new RunCommand(console);
        var command = new CliCommand("run",
            "Answers a prompt. Without --prompt or --file it is read from standard input.",
            "engine run --prompt \"Tell me a story about a fox.\"",
            "engine run my-model.gguf --raw --prompt \"Once upon a time\" --max-tokens 200 --seed 1",
            "engine run my-model.gguf --file question.txt --temperature 0 --json",
            "engine run --prompt \"Name a fruit.\" --save-session fruit.session",
            "engine run --load-session fruit.session --prompt \"Another one.\"",
            "echo \"What is a fox?\" | engine run")
        {
            self.model, self.prompt, self.file, self.system, self.raw, self.json,
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
        long begin = Stopwatch.GetTimestamp();
        GenerationOptions options = sampling.Read(result);
        using var interruption = new Interruption(console);
        byte[]? text = ReadPrompt(result);
        using LanguageModel loaded = arguments.Load(result, result.GetValue(model) ?? DefaultModel.Find(),
            progress: new Progress(console, result.GetValue(json)));
        using SavedSession? saved = files.Open(result, loaded);
        List<ChatMessage>? messages = Compose(result, loaded, saved, text);
        int[] ids = Encode(loaded, saved, messages, text);
        SpeculationOptions? guesses = speculation.Read(result, arguments);
        using LanguageModel? draft = guesses?.DraftModel;
        using Session session = Open(result, loaded, saved, messages, ids.Length);
        // Of a conversation that goes on, the template writes again what the session knows already.
        if (messages is not null && text is not null) ids = ids[session.KeepPrefix(ids)..];
        bool asJson = result.GetValue(json);
        var progress = new Progress(console, asJson);
        TimeSpan loadTime = Stopwatch.GetElapsedTime(begin);
        TimeSpan? firstText = null;
        GenerationResult generation = session.Generate(
            ids,
            options with
            {
                Speculation = guesses,
                PromptProgress = (done, total) => progress.Report("prompt", done, total),
            },
            piece =>
            {
                if (firstText is null) progress.Clear();
                firstText ??= Stopwatch.GetElapsedTime(begin);
                if (asJson) return;
                console.Output.Write(piece);
                console.Output.Flush();
            },
            interruption.Token);
        progress.Clear();
        if (messages is not null) AddAnswer(messages, generation.Text);
        files.Save(result, session, messages);
        if (asJson) WriteJson(generation, loadTime, firstText);
        else Finish(generation);
        return generation.StopReason == StopReason.Cancelled ? ExitCodes.Interrupted : ExitCodes.Done;
    }

    /// <summary>The prompt; null if a saved conversation is to go on as it stands.</summary>
    private byte[]? ReadPrompt(ParseResult result)
    {
        string? given = result.GetValue(prompt);
        string? path = result.GetValue(file);
        if (given is not null && path is not null) throw new UsageException("give --prompt or --file, not both");
        if (given is not null) return Encoding.UTF8.GetBytes(given);
        if (path is not null) return InputFiles.ReadBytes(path);
        if (files.Loads(result)) return null;
        if (console.InputIsTerminal)
            throw new UsageException("give a prompt: --prompt TEXT, --file FILE, or text on standard input");
        using var buffer = new MemoryStream();
        console.Input.CopyTo(buffer);
        return buffer.ToArray();
    }

    /// <summary>The messages of the conversation; null where there is no template, or none is wanted.</summary>
    private List<ChatMessage>? Compose(ParseResult result, LanguageModel loaded, SavedSession? saved, byte[]? text)
    {
        string? instruction = result.GetValue(system);
        List<ChatMessage>? before = saved is null ? null : SessionFileArguments.Read(saved);
        if (result.GetValue(raw) || loaded.ChatTemplate is null || (saved is not null && before is null))
        {
            return instruction is null ? null
                : throw new UsageException("--system needs a chat template, and none is used here");
        }

        if (instruction is not null && before is not null)
            throw new UsageException("--system comes before a conversation: the saved one has begun already");
        List<ChatMessage> messages = before ?? [];
        if (instruction is not null) messages.Add(new ChatMessage("system", instruction));
        if (text is not null) messages.Add(new ChatMessage("user", Encoding.UTF8.GetString(text)));
        return messages;
    }

    /// <summary>Tokens of the whole conversation where there are messages, else those of the text that is added.
    /// </summary>
    private static int[] Encode(LanguageModel loaded, SavedSession? saved, List<ChatMessage>? messages, byte[]? text)
    {
        if (text is null) return [];
        int[] ids = messages is null
            ? PromptEncoder.Encode(loaded.Tokenizer, text, begins: saved is not { Tokens.Length: > 0 })
            : loaded.Tokenize(loaded.FormatChat(messages));
        return ids.Length > 0 || saved is not null ? ids
            : throw new InvalidOperationException("the prompt is empty");
    }

    /// <summary>Opens the session with just the context that is needed: the cache is reserved for all of it.</summary>
    private Session Open(ParseResult result, LanguageModel loaded, SavedSession? saved, List<ChatMessage>? messages,
        int tokens)
    {
        int held = saved is null || (messages is not null && tokens > 0) ? 0 : saved.Tokens.Length;
        bool slides = saved?.Slides ?? cache.Slides(result);
        int context = arguments.Context(result);
        if (context == 0) context = EnoughContext(result, loaded, saved, held + tokens);
        if (held + tokens > context && !slides)
            throw new InvalidOperationException(
                $"the prompt has {held + tokens} tokens, the context only {context} (--context, or "
                + "--overflow slide)");
        if (saved is null) return loaded.CreateSession(cache.Apply(result, arguments.Session(result, context)));
        // The template may write fewer tokens than are held; those that differ are dropped after loading.
        if (context > 0 && arguments.Context(result) == 0) context = Math.Max(context, saved.Tokens.Length);
        return saved.Restore(context, cache.PageBudget(result), arguments.Session(result, context).Attention);
    }

    private int EnoughContext(ParseResult result, LanguageModel loaded, SavedSession? saved, int tokens)
    {
        int answer = sampling.MaxTokens(result);
        int usual = Math.Min(SessionOptions.DefaultContextLength, loaded.TrainedContextLength);
        int enough = (int)Math.Min(loaded.TrainedContextLength,
            answer == 0 ? Math.Max(usual, tokens + 1L) : (long)tokens + answer);
        return saved is null ? enough : SessionFileArguments.Context(saved, loaded, enough);
    }

    /// <summary>An answer that was cut off and goes on stays one message.</summary>
    private static void AddAnswer(List<ChatMessage> messages, string text)
    {
        if (messages.Count > 0 && messages[^1].Role == "assistant")
            messages[^1] = messages[^1] with { Content = messages[^1].Content + text };
        else
            messages.Add(new ChatMessage("assistant", text));
    }

    private void Finish(GenerationResult generation)
    {
        if (console.OutputIsTerminal && !generation.Text.EndsWith('\n')) console.Output.WriteLine();
        console.Output.Flush();
        if (!console.ErrorIsTerminal || !console.OutputIsTerminal) return;
        string guessed = generation.DraftTokens == 0 ? ""
            : $"guessed: {generation.DraftTokens} tokens, {generation.AcceptedTokens} accepted; ";
        string line = string.Create(CultureInfo.InvariantCulture,
            $"[prompt: {generation.PromptTokens} tokens, "
            + $"{Rate(generation.PromptTokens, generation.PromptTime):F1} tokens/s; "
            + $"generation: {generation.Tokens.Count} tokens, "
            + $"{Rate(generation.Tokens.Count, generation.GenerationTime):F1} tokens/s; "
            + $"{guessed}"
            + $"{NameOf(generation.StopReason)}]");
        console.Error.WriteLine(Style.Dim(line));
    }

    private void WriteJson(GenerationResult generation, TimeSpan loadTime, TimeSpan? firstText) =>
        JsonResult.Write(console, writer =>
        {
            writer.WriteString("text", generation.Text);
            JsonResult.Numbers(writer, "tokens", generation.Tokens);
            writer.WriteNumber("prompt_tokens", generation.PromptTokens);
            writer.WriteNumber("draft_tokens", generation.DraftTokens);
            writer.WriteNumber("accepted_tokens", generation.AcceptedTokens);
            writer.WriteString("stop_reason", NameOf(generation.StopReason));
            writer.WriteStartObject("timings");
            writer.WriteNumber("load_seconds", loadTime.TotalSeconds);
            writer.WriteNumber("prompt_seconds", generation.PromptTime.TotalSeconds);
            writer.WriteNumber("generation_seconds", generation.GenerationTime.TotalSeconds);
            JsonResult.Number(writer, "first_text_seconds", firstText?.TotalSeconds ?? double.NaN);
            writer.WriteNumber("prompt_tokens_per_second", Rate(generation.PromptTokens, generation.PromptTime));
            writer.WriteNumber("generation_tokens_per_second",
                Rate(generation.Tokens.Count, generation.GenerationTime));
            writer.WriteEndObject();
        });

    internal static string NameOf(StopReason reason) => reason switch
    {
        StopReason.Stop => "stop",
        StopReason.Length => "length",
        StopReason.Cancelled => "cancelled",
        StopReason.Context => "context",
        _ => throw new ArgumentOutOfRangeException(nameof(reason)),
    };

    private static double Rate(int tokens, TimeSpan time) => time > TimeSpan.Zero ? tokens / time.TotalSeconds : 0;
}
