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
            "echo \"What is a fox?\" | engine run")
        {
            self.model, self.prompt, self.file, self.system, self.raw, self.json,
        };
        self.sampling.AddTo(command);
        self.speculation.AddTo(command);
        self.arguments.AddTo(command);
        command.SetAction(self.Run);
        return command;
    }

    private int Run(ParseResult result)
    {
        long begin = Stopwatch.GetTimestamp();
        GenerationOptions options = sampling.Read(result);
        using var interruption = new Interruption(console);
        byte[] text = ReadPrompt(result);
        using LanguageModel loaded = arguments.Load(result, result.GetValue(model) ?? DefaultModel.Find());
        int[] ids = Encode(result, loaded, text);
        int context = ChooseContext(result, loaded, ids.Length);
        SpeculationOptions? guesses = speculation.Read(result, arguments);
        using LanguageModel? draft = guesses?.DraftModel;
        using Session session = loaded.CreateSession(arguments.Session(result, context));
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
        if (asJson) WriteJson(generation, loadTime, firstText);
        else Finish(generation);
        return generation.StopReason == StopReason.Cancelled ? ExitCodes.Interrupted : ExitCodes.Done;
    }

    private byte[] ReadPrompt(ParseResult result)
    {
        string? given = result.GetValue(prompt);
        string? path = result.GetValue(file);
        if (given is not null && path is not null) throw new UsageException("give --prompt or --file, not both");
        if (given is not null) return Encoding.UTF8.GetBytes(given);
        if (path is not null) return InputFiles.ReadBytes(path);
        if (console.InputIsTerminal)
            throw new UsageException("give a prompt: --prompt TEXT, --file FILE, or text on standard input");
        using var buffer = new MemoryStream();
        console.Input.CopyTo(buffer);
        return buffer.ToArray();
    }

    private int[] Encode(ParseResult result, LanguageModel loaded, byte[] text)
    {
        string? instruction = result.GetValue(system);
        int[] ids;
        if (result.GetValue(raw) || loaded.ChatTemplate is null)
        {
            if (instruction is not null)
                throw new UsageException("--system needs a chat template, and none is used here");
            ids = PromptEncoder.Encode(loaded.Tokenizer, text, begins: true);
        }
        else
        {
            var messages = new List<ChatMessage>();
            if (instruction is not null) messages.Add(new ChatMessage("system", instruction));
            messages.Add(new ChatMessage("user", Encoding.UTF8.GetString(text)));
            ids = loaded.Tokenize(loaded.FormatChat(messages));
        }

        if (ids.Length == 0) throw new InvalidOperationException("the prompt is empty");
        return ids;
    }

    /// <summary>Just what is needed: the cache is reserved for the whole context.</summary>
    private int ChooseContext(ParseResult result, LanguageModel loaded, int promptTokens)
    {
        int context = arguments.Context(result);
        int answer = sampling.MaxTokens(result);
        if (context == 0)
        {
            int usual = Math.Min(SessionOptions.DefaultContextLength, loaded.TrainedContextLength);
            context = (int)Math.Min(loaded.TrainedContextLength,
                answer == 0 ? Math.Max(usual, promptTokens + 1L) : (long)promptTokens + answer);
        }

        if (promptTokens > context)
            throw new InvalidOperationException(
                $"the prompt has {promptTokens} tokens, the context only {context} (--context)");
        return context;
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
