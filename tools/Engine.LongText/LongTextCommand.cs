using System.CommandLine;
using System.Globalization;
using Engine.Cli;
using Engine.Cli.Commands;
using Engine.Reports;
using static Engine.Reports.ReportOptions;

namespace Engine.LongText;

/// <summary>The command line.</summary>
internal sealed class LongTextCommand
{
    /// <summary>Exit code if time was over before all was measured.</summary>
    public const int Unfinished = 75;

    private const int Parts = 6;

    private readonly Option<string?> model = FilePath("--model", "A GGUF file");
    private readonly Option<string?> text = FilePath("--text", "A long text");
    private readonly Option<int> tokens = Number("--tokens", "Tokens from its beginning, all in one context", 8192, 2);
    private readonly Option<int[]> threads = Numbers("--threads", "Thread counts of the times, with commas", [1, 2]);
    private readonly Option<int[]> layers = Numbers("--layers",
        "Numbers of last layers that are approximated, with commas [default: sixths of the model's]", []);

    private readonly Option<string> only = new("--only")
    {
        Description = $"Series that are measured, with commas: {string.Join(", ", Setting.Names)}",
        DefaultValueFactory = _ => string.Join(',', Setting.Names),
    };

    private readonly Option<string> measure = new("--measure")
    {
        Description = "quality (perplexity), time, or all",
        DefaultValueFactory = _ => "all",
    };

    private readonly Option<string> thresholds = new("--thresholds")
    {
        Description = "Relative errors below which a calibrated head is approximated, with commas",
        DefaultValueFactory = _ => "0.05,0.09,0.12,0.2,0.4",
    };

    private readonly Option<string?> calibration = FilePath("--calibration",
        "Calibration of the model; if it is not there it is made");

    private readonly Option<string?> calibrationText = FilePath("--calibration-text",
        "Text to make it from, not the one that is scored");

    private readonly Option<int> rounds = Number("--rounds", "Times that each time is measured: the best counts", 1, 1);
    private readonly Option<int> seeds = Number("--seeds",
        "Seeds that perplexity is measured with where keys are drawn: the mean counts", 1, 1);

    private readonly Option<int> seconds = Number("--seconds", "Begin nothing that is likely to end after so many "
        + $"seconds; exit code {Unfinished} if something is left for the next call. 0 = measure all", 0, 0);

    private readonly Option<string?> raw = FilePath("--raw",
        "File of samples, a JSON line each: what it has is not measured again, what is new is added");

    private readonly Option<string[]> from = Texts("--from",
        "File of samples, may be given several times: measure nothing, report");
    private readonly Option<string?> document = FilePath("--document", "Markdown file to write; pictures go beside it");
    private readonly Option<string> section = new("--section")
    {
        Description = "Part of the document that is written",
        DefaultValueFactory = _ => "Figure 3",
    };

    private readonly Option<bool> json = new("--json") { Description = "Print one JSON object for machines" };

    /// <summary>The command, ready to parse.</summary>
    public static RootCommand Create()
    {
        var self = new LongTextCommand();
        var root = new RootCommand("Measures perplexity and time of a long text with exact and approximate attention, "
            + "as in Figure 3 of HyperAttention (arXiv 2310.05869).")
        {
            self.model, self.text, self.tokens, self.threads, self.layers, self.only, self.measure, self.thresholds,
            self.calibration, self.calibrationText, self.rounds, self.seeds, self.seconds, self.raw, self.from,
            self.document, self.section, self.json,
        };
        self.measure.AcceptOnlyFromAmong("quality", "time", "all");
        root.SetAction((result, cancellation) => Task.FromResult(self.Run(result, cancellation)));
        return root;
    }

    private int Run(ParseResult result, CancellationToken cancellation)
    {
        try
        {
            List<LongTextSample> samples = [];
            string[] sources = result.GetValue(from) ?? [];
            foreach (string source in sources) samples.AddRange(File.ReadLines(source).Select(LongTextSample.Parse));
            bool done = sources.Length > 0 || Measure(result, samples, cancellation);
            if (!done) return Unfinished;
            Report(result, new LongTextResults(samples));
            return 0;
        }
        catch (Exception error) when (error is FormatException or IOException or InvalidOperationException
            or InvalidDataException or ArgumentException or ModelFormatException or UnauthorizedAccessException
            or System.Text.Json.JsonException)
        {
            Console.Error.WriteLine("longtext: " + error.Message);
            return 1;
        }
    }

    private void Report(ParseResult result, LongTextResults results)
    {
        var report = new LongTextReport(results);
        if (result.GetValue(document) is { } path) report.Write(path, result.GetRequiredValue(section));
        if (result.GetValue(json)) LongTextJson.Write(new SystemConsole(), results);
        else Console.WriteLine(report.Tables());
    }

    private bool Measure(ParseResult result, List<LongTextSample> samples, CancellationToken cancellation)
    {
        Plan plan = PlanOf(result);
        string? file = result.GetValue(raw);
        if (file is not null && File.Exists(file)) samples.AddRange(File.ReadLines(file).Select(LongTextSample.Parse));
        using var measurement = new Measurement(plan, cancellation);
        List<Setting> settings = [.. Settings(result, plan, measurement, cancellation)];
        IReadOnlyList<Job> jobs = plan.Jobs(settings, samples);
        // Perplexity is the same on every machine, but for the last bits.
        if (jobs.Any(job => job.Threads > 0)) Record(MachineOf(result));
        return measurement.Run(jobs, Record);

        LongTextSample MachineOf(ParseResult result)
        {
            string[] command = ["Engine.LongText", .. result.Tokens.Select(token => token.Value)];
            return new LongTextSample
            {
                Kind = LongTextSample.Machine,
                Facts = Machine.Describe(),
                Command = Machine.CommandLine(command),
                At = DateTimeOffset.UtcNow,
            };
        }

        void Record(LongTextSample sample)
        {
            samples.Add(sample);
            if (file is not null) File.AppendAllText(file, sample.ToJson() + "\n");
            if (sample.Kind == LongTextSample.Machine) return;
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{sample.Series} {sample.Setting}: {Result(sample)}"));
        }
    }

    private static string Result(LongTextSample sample) => sample.Kind == LongTextSample.Quality
        ? string.Create(CultureInfo.InvariantCulture, $"{sample.Nll:F6} nats per token")
        : string.Create(CultureInfo.InvariantCulture,
            $"{sample.Threads} threads, prefill {sample.PrefillSeconds:F2} s, of it attention "
            + $"{sample.AttentionSeconds:F2} s");

    private Plan PlanOf(ParseResult result)
    {
        int[] counts = result.GetRequiredValue(threads);
        if (counts.Any(count => count < 1)) throw new FormatException("--threads: expected numbers of at least 1");
        int limit = result.GetValue(seconds);
        string kinds = result.GetRequiredValue(measure);
        return new Plan
        {
            Model = result.GetValue(model) ?? throw new FormatException("expected --model and --text, or --from"),
            Text = result.GetValue(text) ?? throw new FormatException("expected --model and --text, or --from"),
            Tokens = result.GetValue(tokens),
            Threads = counts,
            Rounds = result.GetValue(rounds),
            Seeds = result.GetValue(seeds),
            Quality = kinds != "time",
            Time = kinds != "quality",
            Seconds = limit == 0 ? double.PositiveInfinity : limit,
        };
    }

    private IEnumerable<Setting> Settings(ParseResult result, Plan plan, Measurement measurement,
        CancellationToken cancellation)
    {
        string[] series = result.GetRequiredValue(only).Split(',');
        if (series.FirstOrDefault(name => !Setting.Names.Contains(name)) is { } unknown)
            throw new FormatException(
                $"--only: there is no series \"{unknown}\", but {string.Join(", ", Setting.Names)}");
        double[] limits = [.. result.GetRequiredValue(thresholds).Split(',').Select(Threshold)];
        LanguageModel loaded = measurement.Model(plan.Threads[0]);
        int all = loaded.Transformer.Config.Layers.Length;
        int[] last = result.GetRequiredValue(layers);
        if (last.Length == 0)
            last = [.. Enumerable.Range(1, Parts).Select(part => part * all / Parts).Where(count => count > 0)];
        if (last.FirstOrDefault(count => count < 1 || count > all) is not 0 and var wrong)
            throw new FormatException($"--layers: expected 1 to {all}, found {wrong}");
        AttentionCalibration? known = null;
        return Setting.Of(series, [.. last.Distinct().Order()], limits,
            () => known ??= Calibration(result, plan, loaded, cancellation), plan.Tokens);
    }

    private static double Threshold(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value > 0 ? value
            : throw new FormatException(
                $"--thresholds: expected numbers above 0 with commas between, found \"{text}\"");

    private AttentionCalibration Calibration(ParseResult result, Plan plan, LanguageModel loaded,
        CancellationToken cancellation)
    {
        string? path = result.GetValue(calibration), book = result.GetValue(calibrationText);
        if (path is not null && File.Exists(path))
        {
            AttentionCalibration found = AttentionCalibration.Load(path);
            found.CheckModel(plan.Model);
            return found;
        }

        if (book is null)
            throw new FormatException($"series {Setting.Calibrated}: expected --calibration with a file that is there, "
                + "or --calibration-text to make one");
        int[] ids = PromptEncoder.Encode(loaded.Tokenizer, InputFiles.ReadBytes(book), begins: true);
        var options = new AttentionOptions { Mode = AttentionMode.Hyper };
        int[] lengths = CalibrateCommand.DefaultLengths(ids.Length, plan.Tokens, options.Leaf);
        Console.Error.WriteLine($"calibrating on {lengths[^1]} tokens of {Path.GetFileName(book)}");
        var made = AttentionCalibration.Measure(loaded, plan.Model, ids, lengths, options, null, cancellation);
        if (path is not null) made.Save(path);
        return made;
    }
}
