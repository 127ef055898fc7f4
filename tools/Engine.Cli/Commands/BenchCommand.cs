using System.CommandLine;
using System.Globalization;
using Engine.Isa;

namespace Engine.Cli.Commands;

/// <summary><c>engine bench</c>: prefill and decode speed of a model on this machine.</summary>
internal sealed class BenchCommand
{
    private readonly ICliConsole console;
    private readonly Argument<string> model = CliOptions.Model();
    private readonly Option<int> prefill = CliOptions.Integer("--prefill", "Tokens of the prompt; 0 = leave it out",
        512, 0);

    private readonly Option<int> decode = CliOptions.Integer("--decode", "Tokens one by one; 0 = leave it out", 64, 0);
    private readonly Option<int> depth = CliOptions.Integer("--depth", "Tokens in the cache before either", 0, 0);
    private readonly Option<int> repetitions = CliOptions.Integer("--repetitions",
        "Measurements, after one that does not count", 3, 1);

    private readonly Option<bool> json = CliOptions.Json();
    private readonly ModelArguments arguments = new("Context in tokens; 0 = as much as is needed", defaultThreads: 1);

    private BenchCommand(ICliConsole console) => this.console = console;

    public static Command Create(ICliConsole console)
    {
        var self = new BenchCommand(console);
        var command = new CliCommand("bench", "Measures how fast a model reads a prompt and writes an answer.",
            "engine bench my-model.gguf",
            "engine bench my-model.gguf --threads 2 --prefill 512 --decode 128 --depth 4096 --json")
        {
            self.model, self.prefill, self.decode, self.depth, self.repetitions, self.json,
        };
        self.arguments.AddTo(command);
        command.SetAction(self.Run);
        return command;
    }

    private int Run(ParseResult result)
    {
        int prompt = result.GetValue(prefill);
        int answer = result.GetValue(decode);
        int before = result.GetValue(depth);
        int count = result.GetValue(repetitions);
        if (prompt == 0 && answer == 0) throw new UsageException("--prefill and --decode cannot both be 0");
        using var interruption = new Interruption(console);
        using LanguageModel loaded = arguments.Load(result, result.GetRequiredValue(model));
        int needed = checked(before + Math.Max(prompt, answer));
        int context = arguments.Context(result);
        if (context > 0 && context < needed)
            throw new UsageException($"--context {context} is less than the {needed} tokens that are needed");
        using Session session = loaded.CreateSession(arguments.Session(result, Math.Max(context, needed)));
        bool asJson = result.GetValue(json);
        var progress = new Progress(console, asJson);
        var bench = new Benchmark(session, before, interruption.Token);
        var runs = new List<BenchmarkRun>();
        for (int i = 0; i <= count; i++)
        {
            BenchmarkRun run = bench.Measure(prompt, answer);
            if (i > 0) runs.Add(run);
            progress.Report("repetitions", i, count);
        }

        progress.Clear();
        var report = new BenchmarkReport(loaded, arguments.CacheType(result), prompt, answer, before, runs);
        if (asJson) WriteJson(report);
        else WriteTable(report);
        return ExitCodes.Done;
    }

    private void WriteTable(BenchmarkReport report)
    {
        LanguageModel loaded = report.Model;
        console.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{loaded.Name}, {InstructionSets.NameOf(loaded.InstructionSet)}, {loaded.Threads} threads, "
            + $"{report.BytesPerToken / 1e6:F1} MB read per token"));
        console.Output.WriteLine("| repetition | prefill tokens/s | decode tokens/s |");
        console.Output.WriteLine("|---|---|---|");
        for (int i = 0; i < report.Runs.Count; i++) Row((i + 1).ToString(CultureInfo.InvariantCulture), report.Runs[i]);
        Row("best", report.Best);

        void Row(string name, BenchmarkRun run) => console.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {name} | {run.PrefillRate:F1} | {run.DecodeRate:F1} |"));
    }

    private void WriteJson(BenchmarkReport report) => JsonResult.Write(console, writer =>
    {
        writer.WriteNumber("prefill_tokens_per_second", report.Best.PrefillRate);
        writer.WriteNumber("decode_tokens_per_second", report.Best.DecodeRate);
        writer.WriteNumber("bytes_per_token", report.BytesPerToken);
        writer.WriteNumber("cache_bytes_per_token", report.CacheBytesPerToken);
        writer.WriteNumber("allocated_bytes_per_token", report.Best.AllocatedBytesPerToken);
        writer.WriteString("isa", InstructionSets.NameOf(report.Model.InstructionSet));
        writer.WriteNumber("threads", report.Model.Threads);
        writer.WriteString("model", report.Model.Name);
        writer.WriteNumber("prefill", report.Prefill);
        writer.WriteNumber("decode", report.Decode);
        writer.WriteNumber("depth", report.Depth);
        writer.WriteStartArray("repetitions");
        foreach (BenchmarkRun run in report.Runs)
        {
            writer.WriteStartObject();
            writer.WriteNumber("prefill_tokens_per_second", run.PrefillRate);
            writer.WriteNumber("decode_tokens_per_second", run.DecodeRate);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });
}
