using System.CommandLine;
using System.Globalization;
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

    private readonly Option<int[]> lengths = new("--lengths")
    {
        Description = "Lengths of the layer, separated by commas",
        HelpName = "N,N…",
        DefaultValueFactory = _ => [4096, 16384],
        CustomParser = result =>
        {
            var values = new List<int>();
            foreach (string part in result.Tokens[0].Value.Split(','))
            {
                if (int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int value)
                    && value is > 0 and <= 1 << 22)
                {
                    values.Add(value);
                    continue;
                }

                result.AddError($"--lengths: expected whole numbers from 1 to {1 << 22}, found \"{part}\"");
                return [];
            }

            return [.. values];
        },
    };

    private Option<int> sinks = CliOptions.Integer("--sinks", "Layer: first keys that all see exactly",
        DefaultSinks, 0);
    private readonly Option<int> band = CliOptions.Integer("--band",
        "Layer: keys before its leaf that a query sees exactly, rounded up to leaves; -1 = one leaf", -1, -1);

    private readonly Option<int> heads = CliOptions.Integer("--heads", "Layer: heads", 12, 1);
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
        Description = "Layer: gaussian, clustered or sink-heavy numbers",
        HelpName = "KIND",
        DefaultValueFactory = _ => LayerInputs.Kinds[0],
    };

    public void AddTo(Command command)
    {
        mask.AcceptOnlyFromAmong(MaskNames);
        choice.AcceptOnlyFromAmong("buckets", "diagonals");
        inputs.AcceptOnlyFromAmong(LayerInputs.Kinds);
        // The command may have sinks already, of a session's cache.
        bool shares = false;
        foreach (Option option in command.Options)
        {
            if (option is not Option<int> { Name: "--sinks" } shared) continue;
            sinks = shared;
            shares = true;
        }

        if (!shares) command.Add(sinks);
        foreach (Option option in (Option[])[layer, lengths, band, heads, mask, choice, inputs])
            command.Add(option);
    }

    public bool AreGiven(ParseResult result) => result.GetValue(layer);

    /// <summary>Measures and prints.</summary>
    public void Run(ParseResult result, ICliConsole console, InstructionSet isa, int threads, int repetitions,
        bool asJson, CancellationToken cancellation)
    {
        var progress = new Progress(console, asJson);
        using var benchmark = new LayerBenchmark(isa, threads, progress.Report, cancellation);
        var rows = new List<LayerRow>();
        string masks = result.GetRequiredValue(mask);
        foreach (int length in result.GetRequiredValue(lengths))
        {
            foreach (bool causal in (bool[])[true, false])
            {
                if (masks != "both" && causal != (masks == "causal")) continue;
                rows.Add(benchmark.Measure(new LayerCase(length, causal, Settings(result, causal),
                    result.GetValue(heads), result.GetRequiredValue(inputs), repetitions)));
            }
        }

        progress.Clear();
        if (asJson) WriteJson(result, console, isa, threads, rows);
        else WriteTable(console, rows);
    }

    private int Sinks(ParseResult result) =>
        result.GetResult(sinks) is { Implicit: false } ? result.GetValue(sinks) : DefaultSinks;

    private HyperSettings Settings(ParseResult result, bool causal)
    {
        int length = attention.Leaf(result, DefaultLeaf), before = result.GetValue(band);
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
        console.Output.WriteLine("| n | mask | leaf | exact ms | hyper ms | speed-up | relative error | log-sum-exp "
            + "error | MB |");
        console.Output.WriteLine("|---|---|---|---|---|---|---|---|---|");
        foreach (LayerRow row in rows)
        {
            console.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {row.Length} | {(row.Causal ? "causal" : "none")} | {(row.Causal ? row.Leaf : 0)} | "
                + $"{row.ExactMilliseconds:F1} | {row.HyperMilliseconds:F1} | {row.Speedup:F2} | "
                + $"{row.RelativeError:F4} | {row.LogSumExpError:F4} | {row.PeakBytes / 1e6:F0} |"));
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
        writer.WriteString("inputs", result.GetValue(inputs));
        writer.WriteStartArray("rows");
        foreach (LayerRow row in rows)
        {
            writer.WriteStartObject();
            writer.WriteNumber("n", row.Length);
            writer.WriteBoolean("causal", row.Causal);
            writer.WriteNumber("leaf", row.Leaf);
            writer.WriteNumber("band", Settings(result, row.Causal).BandBlocks * row.Leaf);
            writer.WriteNumber("exact_ms", row.ExactMilliseconds);
            writer.WriteNumber("hyper_ms", row.HyperMilliseconds);
            writer.WriteNumber("speedup", row.Speedup);
            JsonResult.Number(writer, "relative_error", row.RelativeError);
            JsonResult.Number(writer, "lse_error", row.LogSumExpError);
            writer.WriteNumber("peak_bytes", row.PeakBytes);
            writer.WriteNumber("ranking_part", row.Times.Ranking / row.Times.Total);
            writer.WriteNumber("exact_part", row.Times.Exact / row.Times.Total);
            writer.WriteNumber("sorting_part", row.Times.Sorting / row.Times.Total);
            writer.WriteNumber("nodes_part", row.Times.Nodes / row.Times.Total);
            writer.WriteNumber("output_part", row.Times.Output / row.Times.Total);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });
}
