using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Engine.Attention.Hyper;
using Engine.Isa;

namespace Engine.Cli;

/// <summary>The options of <c>engine bench --attention-layer</c>, and its report.</summary>
internal sealed class LayerBenchmarkArguments(AttentionArguments attention)
{
    private const int DefaultLeaf = 1024;
    private const int DefaultSinks = 64;

    private static readonly string[] MaskNames = ["causal", "none", "both"];

    private readonly Option<bool> layer = CliOptions.Flag("--attention-layer",
        "Measure one layer of attention instead of a model: exact against HyperAttention, 64 elements a head");

    private readonly Option<int[]> lengths = CliOptions.Integers("--lengths",
        "Lengths of the layer, separated by commas", [4096, 16384], 1, 1 << 22);

    private Option<int> sinks = CliOptions.Integer("--sinks", "Layer: first keys that all see exactly",
        DefaultSinks, 0);
    private readonly Option<int> band = CliOptions.Integer("--band",
        "Layer: keys before its leaf that a query sees exactly, rounded up to leaves; -1 = one leaf", -1, -1);

    private readonly Option<int> heads = CliOptions.Integer("--heads",
        "Layer: heads; of captured layers all unless this is given", 12, 1);

    private readonly Option<int> every = CliOptions.Integer("--exact-every",
        "Layer: exact attention of every N-th query only: errors for less time, and no speed-up", 1, 1);

    private readonly Option<string> mask = new("--mask")
    {
        Description = "Layer: causal, none or both",
        HelpName = "WHICH",
        DefaultValueFactory = _ => "both",
    };

    private readonly Option<string> choice = new("--choice")
    {
        Description = "Layer: how large entries are found, by buckets or by sums along diagonals (n²/8)",
        HelpName = "HOW",
        DefaultValueFactory = _ => "buckets",
    };

    private readonly Option<string> inputs = new("--inputs")
    {
        Description = $"Layer: {string.Join(", ", SyntheticLayer.Kinds)} numbers, or a file of captured ones; several "
            + "separated by commas",
        HelpName = "KIND,FILE…",
        DefaultValueFactory = _ => SyntheticLayer.Kinds[0],
    };

    public void AddTo(Command command)
    {
        mask.AcceptOnlyFromAmong(MaskNames);
        choice.AcceptOnlyFromAmong("buckets", "diagonals");
        // The command may have sinks already, of a session's cache.
        bool shares = false;
        foreach (Option option in command.Options)
        {
            if (option is not Option<int> { Name: "--sinks" } shared) continue;
            sinks = shared;
            shares = true;
        }

        if (!shares) command.Add(sinks);
        foreach (Option option in (Option[])[layer, lengths, band, heads, mask, choice, inputs, every])
            command.Add(option);
    }

    public bool AreGiven(ParseResult result) => result.GetValue(layer);

    /// <summary>Measures and prints.</summary>
    public void Run(ParseResult result, ICliConsole console, InstructionSet isa, int threads, int repetitions,
        bool asJson, CancellationToken cancellation)
    {
        // Minutes may pass, so that progress is shown with --json as well.
        var progress = new Progress(console, json: false);
        using var benchmark = new LayerBenchmark(isa, threads, progress.Report, cancellation);
        var rows = new List<LayerRow>();
        LayerSource[] sources = [.. result.GetRequiredValue(inputs).Split(',').Select(LayerSource.Open)];
        try
        {
            foreach (LayerSource source in sources)
            {
                foreach (int length in result.GetRequiredValue(lengths))
                    foreach (LayerCase one in Cases(result, source, length, repetitions))
                        rows.AddRange(benchmark.Measure(one));
            }
        }
        finally
        {
            foreach (LayerSource source in sources) source.Dispose();
        }

        progress.Clear();
        if (asJson) WriteJson(result, console, isa, threads, rows);
        else WriteTable(console, rows);
    }

    private IEnumerable<LayerCase> Cases(ParseResult result, LayerSource source, int length, int repetitions)
    {
        if (length > source.Length)
            throw new UsageException($"--lengths: {source.Name} has {source.Length} positions, less than {length}");
        string masks = result.GetRequiredValue(mask);
        bool all = source.Heads < int.MaxValue && result.GetResult(heads) is not { Implicit: false };
        foreach (bool causal in (bool[])[true, false])
        {
            if (masks != "both" && causal != (masks == "causal")) continue;
            int[] leaves = attention.Leaves(result, DefaultLeaf);
            // Without a mask there are no leaves to differ.
            HyperSettings[] settings = [.. (causal ? leaves : leaves[..1]).Select(leaf =>
                Settings(result, causal, leaf))];
            yield return new LayerCase(source, length, causal, settings)
            {
                Heads = all ? source.Heads : Math.Min(source.Heads, result.GetValue(heads)),
                Repetitions = repetitions,
                ExactEvery = result.GetValue(every),
            };
        }
    }

    private int Sinks(ParseResult result) =>
        result.GetResult(sinks) is { Implicit: false } ? result.GetValue(sinks) : DefaultSinks;

    private HyperSettings Settings(ParseResult result, bool causal, int length)
    {
        int before = result.GetValue(band);
        int bandBlocks = !causal ? 0 : before < 0 ? 1 : (before + length - 1) / length;
        bool buckets = result.GetValue(choice) == "buckets";
        if (!causal && attention.Block(result) + attention.Sample(result) + Sinks(result) == 0)
            throw new UsageException("--block, --sample and --sinks are all 0: without mask a query would see nothing");
        return new HyperSettings
        {
            Block = attention.Block(result),
            Samples = attention.Sample(result),
            Leaf = length,
            Sinks = Sinks(result),
            BandBlocks = bandBlocks,
            OwnBucket = bandBlocks > 0 && buckets,
            Choice = buckets ? KeyChoiceKind.Buckets : KeyChoiceKind.Diagonals,
        };
    }

    private static void WriteTable(ICliConsole console, List<LayerRow> rows)
    {
        console.Output.WriteLine("| inputs | n | mask | leaf | exact ms | hyper ms | speed-up | relative error | "
            + "median, worst head | log-sum-exp error | MB |");
        console.Output.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (LayerRow row in rows)
        {
            string exact = double.IsNaN(row.ExactMilliseconds) ? ""
                : row.ExactMilliseconds.ToString("F1", CultureInfo.InvariantCulture);
            string speedup = exact.Length == 0 ? "" : row.Speedup.ToString("F2", CultureInfo.InvariantCulture);
            console.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {row.Inputs} | {row.Length} | {(row.Causal ? "causal" : "none")} | "
                + $"{(row.Causal ? row.Settings.Leaf : 0)} | {exact} | {row.HyperMilliseconds:F1} | {speedup} | "
                + $"{row.Errors.Relative:F4} | {row.Errors.Median:F4}, {row.Errors.Worst:F4} | "
                + $"{row.Errors.LogSumExp:F4} | {row.PeakBytes / 1e6:F0} |"));
        }
    }

    private void WriteJson(ParseResult result, ICliConsole console, InstructionSet isa, int threads,
        List<LayerRow> rows) => JsonResult.Write(console, writer =>
    {
        writer.WriteString("isa", InstructionSets.NameOf(isa));
        writer.WriteNumber("threads", threads);
        writer.WriteNumber("heads", result.GetValue(heads));
        writer.WriteNumber("dimension", LayerInputs.Dimension);
        writer.WriteNumber("block", attention.Block(result));
        writer.WriteNumber("sample", attention.Sample(result));
        writer.WriteNumber("sinks", Sinks(result));
        writer.WriteString("inputs", string.Join(',', rows.Select(row => row.Inputs).Distinct()));
        writer.WriteNumber("exact_every", result.GetValue(every));
        writer.WriteStartArray("rows");
        foreach (LayerRow row in rows) WriteRow(writer, row);
        writer.WriteEndArray();
    });

    private static void WriteRow(Utf8JsonWriter writer, LayerRow row)
    {
        writer.WriteStartObject();
        writer.WriteString("inputs", row.Inputs);
        writer.WriteNumber("heads", row.Errors.Heads);
        writer.WriteNumber("n", row.Length);
        writer.WriteBoolean("causal", row.Causal);
        writer.WriteNumber("leaf", row.Settings.Leaf);
        writer.WriteNumber("band", row.Settings.BandBlocks * row.Settings.Leaf);
        JsonResult.Number(writer, "exact_ms", row.ExactMilliseconds);
        writer.WriteNumber("hyper_ms", row.HyperMilliseconds);
        JsonResult.Number(writer, "speedup", row.Speedup);
        JsonResult.Number(writer, "relative_error", row.Errors.Relative);
        JsonResult.Number(writer, "lse_error", row.Errors.LogSumExp);
        JsonResult.Number(writer, "error_median", row.Errors.Median);
        JsonResult.Number(writer, "error_mean", row.Errors.Mean);
        JsonResult.Number(writer, "error_worst", row.Errors.Worst);
        writer.WriteNumber("peak_bytes", row.PeakBytes);
        writer.WriteNumber("ranking_part", row.Times.Ranking / row.Times.Total);
        writer.WriteNumber("exact_part", row.Times.Exact / row.Times.Total);
        writer.WriteNumber("sorting_part", row.Times.Sorting / row.Times.Total);
        writer.WriteNumber("nodes_part", row.Times.Nodes / row.Times.Total);
        writer.WriteNumber("output_part", row.Times.Output / row.Times.Total);
        writer.WriteEndObject();
    }
}
