using System.CommandLine;
using Engine.Reports;
using static Engine.Reports.ReportOptions;

namespace Engine.Compare;

/// <summary>The command line of the comparison.</summary>
internal sealed class CompareCommand
{
    private readonly Option<string[]> engines = Texts("--engine",
        "LABEL=PATH[,NAME=VALUE…]: a build of engine, with switches for the runtime; a column each");

    private readonly Option<string[]> models = Texts("--model", "NAME=PATH: a GGUF file; a row each");

    private readonly Option<string?> peer = FilePath("--peer", "peer.cs or what it was built to; left out: none");
    private readonly Option<string?> limits = FilePath("--limits", "limits.cs or what it was built to; left out: none");
    private readonly Option<int[]> threads = Numbers("--threads", "Thread counts, with commas", [1, 2]);
    private readonly Option<int[]> depths = Numbers("--depth", "Tokens in the cache before, with commas", [0]);
    private readonly Option<int[]> busy = Numbers("--busy", "Busy neighbours of a decode, with commas", [0]);
    private readonly Option<int> batch = Number("--batch", "Sequences that Engine decodes together; 0 = none", 0, 0);
    private readonly Option<int> prefill = Number("--prefill", "Tokens of the prompt; 0 = none", 512, 0);
    private readonly Option<int> decode = Number("--decode", "Tokens one by one", 64, 1);
    private readonly Option<int> rounds = Number("--rounds", "Rounds, of which the best counts", 5, 1);
    private readonly Option<int> repetitions = Number("--repetitions",
        "Repetitions within one run of a program, after one that does not count", 3, 1);

    private readonly Option<string> section = new("--section")
    {
        Description = "Part of the document that is written",
        DefaultValueFactory = _ => "Comparison",
    };

    private readonly Option<string> document = new("--document")
    {
        Description = "Markdown file; charts go beside it",
        DefaultValueFactory = _ => "docs/performance.md",
    };

    private readonly Option<string?> raw = FilePath("--raw",
        "File that gets every sample as it comes, a JSON line each");
    private readonly Option<string[]> from = Texts("--from", "Files of samples: measure nothing, write the document");

    /// <summary>The command, ready to parse.</summary>
    public static RootCommand Create()
    {
        var self = new CompareCommand();
        var root = new RootCommand(
            "Alternates Engine with its peer and the machine's limits, and writes tables and charts into a document.")
        {
            self.engines, self.models, self.peer, self.limits, self.threads, self.depths, self.busy, self.batch,
            self.prefill, self.decode, self.rounds, self.repetitions, self.section, self.document, self.raw,
            self.from,
        };
        root.Subcommands.Add(LayerCommand.Create());
        root.SetAction(self.RunAsync);
        return root;
    }

    private async Task<int> RunAsync(ParseResult result, CancellationToken cancellation)
    {
        try
        {
            List<Sample> samples = [];
            string[] sources = result.GetValue(from) ?? [];
            foreach (string source in sources) samples.AddRange(File.ReadLines(source).Select(Sample.Parse));
            if (sources.Length == 0) await MeasureAsync(result, samples, cancellation).ConfigureAwait(false);
            string path = result.GetRequiredValue(document);
            ReportDocument.Write(path, result.GetRequiredValue(section), new Results(samples));
            Console.WriteLine($"{path}: {samples.Count} samples");
            return 0;
        }
        catch (Exception error) when (error is FormatException or IOException or InvalidOperationException
            or UnauthorizedAccessException or System.Text.Json.JsonException)
        {
            Console.Error.WriteLine("compare: " + error.Message);
            return 1;
        }
    }

    private async Task MeasureAsync(ParseResult result, List<Sample> samples, CancellationToken cancellation)
    {
        var plan = new Plan
        {
            Variants = [.. (result.GetValue(engines) ?? []).Select(EngineVariant.Parse)],
            Models = [.. (result.GetValue(models) ?? []).Select(ModelFile.Parse)],
            Threads = result.GetRequiredValue(threads),
            Depths = result.GetRequiredValue(depths),
            Busy = result.GetRequiredValue(busy),
            Batch = result.GetValue(batch),
            Prefill = result.GetValue(prefill),
            Decode = result.GetValue(decode),
            Rounds = result.GetValue(rounds),
            Repetitions = result.GetValue(repetitions),
            Peer = result.GetValue(peer),
            Limits = result.GetValue(limits),
        };
        if (plan.Variants.Count == 0 || plan.Models.Count == 0)
            throw new FormatException("expected --engine and --model, or --from");
        foreach (ModelFile model in plan.Models)
            if (!File.Exists(model.Path)) throw new FileNotFoundException($"{model.Path}: no such file");
        string? file = result.GetValue(raw);
        string[] command = ["Engine.Compare", .. result.Tokens.Select(token => token.Value)];
        Record(new Sample { Kind = Sample.Machine, Facts = Machine.Describe(command, DateTimeOffset.UtcNow) });
        await new Alternation(plan, Record, Console.Error.WriteLine).RunAsync(cancellation).ConfigureAwait(false);

        void Record(Sample sample)
        {
            samples.Add(sample);
            if (file is not null) File.AppendAllText(file, sample.ToJson() + "\n");
        }
    }
}
