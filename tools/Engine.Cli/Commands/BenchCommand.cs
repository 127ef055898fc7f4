using System.CommandLine;
using System.Diagnostics;

namespace Engine.Cli.Commands;

/// <summary><c>engine bench</c>: prefill and decode speed of a model on this machine.</summary>
internal sealed class BenchCommand
{
    private readonly ICliConsole console;
    private readonly Argument<string?> model = CliOptions.ModelUnlessLayer();
    private readonly Option<int> prefill = CliOptions.Integer("--prefill",
        "Read a prompt of N tokens; 0 = leave it out", 512, 0);

    private readonly Option<int> decode = CliOptions.Integer("--decode",
        "Write N tokens one by one; 0 = leave it out", 64, 0);
    private readonly Option<int> depth = CliOptions.Integer("--depth",
        "Tokens that are in the cache before each measurement", 0, 0);
    private readonly Option<int> repetitions = CliOptions.Integer("--repetitions",
        "Measurements of each, after one that does not count; the best is reported", 3, 1);

    private readonly Option<int> batch = CliOptions.Integer("--batch",
        "Also decode N sequences together, each step one pass over the weights; 0 = leave it out", 0, 0);

    private readonly Option<int> busy = CliOptions.Integer("--busy",
        "Also decode beside N threads that keep processors busy, and alone on one thread; 0 = leave it out", 0, 0);

    private readonly Option<bool> bandwidth = CliOptions.Flag("--bandwidth",
        "Also measure how fast the same threads read memory, and which part of that decode uses");

    private readonly Option<bool> json = CliOptions.Json();
    private readonly ModelArguments arguments = new("Context in tokens; 0 = as much as is needed", defaultThreads: 1,
        defaultPack: true);
    private readonly CacheArguments cache = new(slides: false);
    private readonly LayerBenchmarkArguments layer;

    private BenchCommand(ICliConsole console)
    {
        this.console = console;
        layer = new LayerBenchmarkArguments(arguments.Attention);
    }

    public static Command Create(ICliConsole console)
    {
        var self = new BenchCommand(console);
        var command = new CliCommand("bench", "Measures how fast a model reads a prompt and writes an answer.",
            "engine bench my-model.gguf",
            "engine bench my-model.gguf --threads 2 --batch 4 --busy 1 --bandwidth",
            "engine bench my-model.gguf --threads 2 --prefill 512 --decode 128 --depth 4096 --json",
            "engine bench --attention-layer --lengths 4096,32768 --leaf 1024 --sinks 0 --band 0 --heads 1 --json")
        {
            self.model, self.prefill, self.decode, self.depth, self.repetitions, self.batch,
            self.busy, self.bandwidth, self.json,
        };
        self.arguments.AddTo(command);
        // The layer's sinks are the option of the cache, where that has one.
        self.cache.AddTo(command);
        self.layer.AddTo(command);
        command.SetAction(self.Run);
        return command;
    }

    private int Run(ParseResult result)
    {
        if (layer.AreGiven(result)) return RunLayer(result);
        int prompt = result.GetValue(prefill);
        int answer = result.GetValue(decode);
        int before = result.GetValue(depth);
        int count = result.GetValue(repetitions);
        if (prompt == 0 && answer == 0) throw new UsageException("--prefill and --decode cannot both be 0");
        int together = result.GetValue(batch);
        int neighbours = result.GetValue(busy);
        if (answer == 0 && together + neighbours > 0) throw new UsageException("--batch and --busy need --decode");
        string path = result.GetValue(model) ?? throw new UsageException("give a model, or --attention-layer");
        using var interruption = new Interruption(console);
        long begin = Stopwatch.GetTimestamp();
        using LanguageModel loaded = arguments.Load(result, path,
            progress: new Progress(console, result.GetValue(json)));
        double loadSeconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        if (together > loaded.Transformer.Forward.BatchRows)
            throw new UsageException($"--batch can be at most {loaded.Transformer.Forward.BatchRows}");
        int needed = checked(before + Math.Max(prompt, answer));
        int context = arguments.Context(result);
        if (context > 0 && context < needed)
            throw new UsageException($"--context {context} is less than the {needed} tokens that are needed");
        SessionOptions options = cache.Apply(result, arguments.Session(result, Math.Max(context, needed)));
        using Session session = loaded.CreateSession(options);
        bool asJson = result.GetValue(json);
        var progress = new Progress(console, asJson);
        var bench = new Benchmark(session, before, interruption.Token);
        using var extras = new BenchmarkExtras(loaded, bench, together, neighbours, result.GetValue(bandwidth),
            () => loaded.CreateSession(options));
        var runs = new List<BenchmarkRun>();
        for (int i = 0; i <= count; i++)
        {
            BenchmarkRun run = extras.Measure(bench.Measure(prompt, answer), answer);
            if (i > 0) runs.Add(run);
            progress.Report("repetitions", i, count);
        }

        progress.Clear();
        var report = new BenchmarkReport(loaded, arguments.CacheType(result), prompt, answer, before, runs)
        {
            Batch = together,
            Busy = neighbours,
            LoadSeconds = loadSeconds,
            PeakResidentBytes = ProcessMemory.PeakResidentBytes(),
        };
        var output = new BenchmarkOutput(console, report);
        if (asJson) output.WriteJson();
        else output.WriteTable();
        return ExitCodes.Done;
    }

    private int RunLayer(ParseResult result)
    {
        if (result.GetValue(model) is not null) throw new UsageException("--attention-layer measures no model");
        using var interruption = new Interruption(console);
        layer.Run(result, console, arguments.Isa(result), arguments.Threads(result), result.GetValue(repetitions),
            result.GetValue(json), interruption.Token);
        return ExitCodes.Done;
    }
}
