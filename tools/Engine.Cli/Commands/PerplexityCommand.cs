using System.Buffers;
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Engine.Attention;
using Engine.Text;
using Engine.Transformer;

namespace Engine.Cli.Commands;

/// <summary><c>engine perplexity</c>: how well a model predicts a text.</summary>
/// <remarks>As llama.cpp's tool does it: windows of --context tokens one after the other, each from an empty cache, its
/// first token replaced by BOS if the model wants one; by default only the second half of each is scored.</remarks>
internal sealed class PerplexityCommand
{
    private readonly ICliConsole console;
    private readonly Argument<string> model = CliOptions.Model();
    private readonly Argument<string> file = CliOptions.File("FILE", "The text");
    private readonly Option<int> chunks = CliOptions.Integer("--chunks", "Windows to score; 0 = all", 0, -1);
    private readonly Option<string> score = new("--score")
    {
        Description = "Predictions that count in each window: second-half or all",
        HelpName = "WHICH",
        DefaultValueFactory = _ => "second-half",
    };

    private readonly Option<bool> special = CliOptions.Flag("--special", "Recognise special tokens in the text");
    private readonly Option<bool> json = CliOptions.Json();
    private readonly ModelArguments arguments = new("Tokens of a window", defaultContext: 512);
    private readonly CacheArguments cache = new(slides: false);

    private PerplexityCommand(ICliConsole console) => this.console = console;

    public static Command Create(ICliConsole console)
    {
        var self = new PerplexityCommand(console);
        self.score.AcceptOnlyFromAmong("second-half", "all");
        var command = new CliCommand("perplexity", "Measures how well a model predicts a text.",
            "engine perplexity my-model.gguf book.txt",
            "engine perplexity my-model.gguf book.txt --context 1024 --chunks 8 --score all --json",
            "engine perplexity my-model.gguf book.txt --context 4096 --chunks 1 --page-budget 512",
            "engine perplexity my-model.gguf book.txt --context 8192 --chunks 1 --attention hyper --score all")
        {
            self.model, self.file, self.chunks, self.score, self.special, self.json,
        };
        self.arguments.AddTo(command);
        self.cache.AddTo(command);
        command.SetAction(self.Run);
        return command;
    }

    private int Run(ParseResult result)
    {
        int context = arguments.Context(result);
        byte[] text = InputFiles.ReadBytes(result.GetRequiredValue(file));
        using var interruption = new Interruption(console);
        using LanguageModel loaded = arguments.Load(result, result.GetRequiredValue(model), Math.Min(context, 512));
        var tokens = new ArrayBufferWriter<int>();
        loaded.Tokenizer.Encode(text, tokens, addSpecial: true, parseSpecial: result.GetValue(special));
        int windows = tokens.WrittenCount / context;
        if (windows == 0)
            throw new InvalidOperationException(
                $"the text has {tokens.WrittenCount} tokens, less than one window of {context} (--context)");
        if (result.GetValue(chunks) > 0) windows = Math.Min(windows, result.GetValue(chunks));
        int first = result.GetValue(score) == "all" ? 0 : context / 2;
        if (first > context - 2)
            throw new InvalidOperationException($"a window of {context} tokens has no prediction in its second half");
        SessionOptions options = cache.Apply(result, arguments.Session(result, context));
        using Session session = loaded.CreateSession(options);
        using PageErrors? errors = session.MeasurePages();
        long begin = Stopwatch.GetTimestamp();
        var scores = new PerplexityScore(loaded.VocabularySize);
        bool asJson = result.GetValue(json);
        var progress = new Progress(console, asJson);
        for (int window = 0; window < windows; window++)
        {
            int[] ids = tokens.WrittenSpan.Slice(window * context, context).ToArray();
            if (loaded.Tokenizer.AddsBeginOfSequence) ids[0] = loaded.Tokenizer.BeginOfSequence;
            // Only short steps select pages, as generation does.
            scores.AddWindow(session, ids, first, errors is null ? 0 : ForwardPass.IndependentRows,
                interruption.Token);
            progress.Report("windows", window + 1, windows);
        }

        TimeSpan time = Stopwatch.GetElapsedTime(begin);
        progress.Clear();
        if (asJson)
            WriteJson(scores, context, windows, result.GetRequiredValue(score), options.Attention, time, errors);
        else
            WriteText(scores, context, windows, errors);
        return ExitCodes.Done;
    }

    private void WriteText(PerplexityScore scores, int context, int windows, PageErrors? errors)
    {
        console.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"perplexity {scores.Perplexity:F4} ± {scores.PerplexityError:F4}, nll {scores.Mean:F6} ± "
            + $"{scores.MeanError:F6} nats per token, {scores.Count} tokens in {windows} windows of {context}"));
        if (errors is null) return;
        console.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"pages: {errors.SlotsRead:P1} of the cache read, relative error of attention's output "
            + $"{errors.OutputError:F5}, mean |ΔLSE| {errors.LogSumExpError:F5}"));
    }

    private void WriteJson(PerplexityScore scores, int context, int windows, string scored, AttentionOptions attention,
        TimeSpan time, PageErrors? errors) =>
        JsonResult.Write(console, writer =>
        {
            JsonResult.Number(writer, "perplexity", scores.Perplexity);
            JsonResult.Number(writer, "perplexity_standard_error", scores.PerplexityError);
            JsonResult.Number(writer, "nll", scores.Mean);
            JsonResult.Number(writer, "nll_standard_error", scores.MeanError);
            writer.WriteNumber("tokens", scores.Count);
            writer.WriteNumber("windows", windows);
            writer.WriteNumber("context", context);
            writer.WriteString("score", scored);
            writer.WriteString("attention", AttentionArguments.Describe(attention));
            writer.WriteNumber("seconds", time.TotalSeconds);
            if (errors is null) return;
            JsonResult.Number(writer, "page_slots_read", errors.SlotsRead);
            JsonResult.Number(writer, "page_output_error", errors.OutputError);
            JsonResult.Number(writer, "page_log_sum_exp_error", errors.LogSumExpError);
        });
}
