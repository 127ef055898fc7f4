using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Engine.Cli;
using Engine.Isa;

namespace Engine.Bench;

/// <summary>Measurements of single layers that are no part of <c>engine</c>: <c>--layer-errors</c> compares ways to
/// approximate a node, <c>--layer-crossover</c> finds where approximate attention begins to pay.</summary>
internal static class LayerCommands
{
    private static readonly Option<bool> Errors = CliOptions.Flag("--layer-errors",
        "Compare buckets, diagonals and KDEformer at equal budgets");

    private static readonly Option<bool> Crossover = CliOptions.Flag("--layer-crossover",
        "Time exact and approximate attention of a session block by block");

    private static readonly Option<bool> Json = CliOptions.Json();
    private static readonly Option<string> Inputs = new("--inputs")
    {
        Description = "Kinds of made-up numbers and captured files, separated by commas",
        DefaultValueFactory = _ => string.Join(',', SyntheticLayer.Kinds),
    };

    private static readonly Option<int[]> Lengths = CliOptions.Integers("--lengths", "Keys of a node",
        [4096, 8192], 64, 1 << 20);

    private static readonly Option<int[]> Budgets = CliOptions.Integers("--budgets",
        "Keys that are exact, and as many samples", [64, 128, 256], 1, 1 << 16);

    private static readonly Option<int> Heads = CliOptions.Integer("--heads", "Heads of made-up numbers", 2, 1);
    private static readonly Option<string?> Model = CliOptions.Text("--model", "FILE", "Capture layers of this model");
    private static readonly Option<string?> Text = CliOptions.Text("--text", "FILE", "… while it reads this text");
    private static readonly Option<string?> Capture = CliOptions.Text("--capture", "FILE",
        "… into this file, which then is all that is done");

    private static readonly Option<int> Tokens = CliOptions.Integer("--tokens", "… as far as this", 8192, 129);
    private static readonly Option<int[]> Layers = CliOptions.Integers("--layers", "Layers to capture",
        [0, 6, 12, 18, 24, 29], 0, 1 << 16);

    /// <summary>Runs the command line.</summary>
    public static int Run(string[] args)
    {
        var root = new RootCommand("Measures single layers of attention.")
        {
            Errors, Crossover, Json, Inputs, Lengths, Budgets, Heads, Model, Text, Capture, Tokens, Layers,
        };
        root.SetAction(result =>
        {
            if (result.GetValue(Crossover)) MeasureCrossover(result);
            else if (result.GetValue(Capture) is { } target) Save(result, target);
            else MeasureErrors(result);
        });
        return root.Parse(args).Invoke();
    }

    private static void Save(ParseResult result, string target)
    {
        if (result.GetValue(Model) is not { } path || result.GetValue(Text) is not { } text)
            throw new InvalidOperationException("--capture needs --model and --text");
        using LanguageModel model = LanguageModel.Load(path, new ModelOptions { Threads = 1 });
        int[] ids = PromptEncoder.Encode(model.Tokenizer, File.ReadAllBytes(text), begins: true);
        int wanted = result.GetValue(Tokens);
        if (ids.Length < wanted)
            throw new InvalidOperationException($"{text} has {ids.Length} tokens, less than --tokens {wanted}");
        LayerCapture.Save(model, ids.AsSpan(0, wanted), result.GetRequiredValue(Layers), target,
            done => Console.Error.WriteLine($"{done} of {wanted} tokens"), CancellationToken.None);
    }

    private static void MeasureErrors(ParseResult result)
    {
        var rows = new List<NodeRow>();
        foreach (string name in result.GetRequiredValue(Inputs).Split(','))
        {
            using LayerSource source = LayerSource.Open(name);
            foreach (int keys in result.GetRequiredValue(Lengths))
            {
                // The queries come behind the keys.
                if (2 * keys > source.Length) continue;
                int heads = source.Heads < int.MaxValue ? source.Heads : result.GetValue(Heads);
                using var errors = new LayerErrors(source, keys, heads);
                rows.AddRange(errors.Measure(result.GetRequiredValue(Budgets)));
                Console.Error.WriteLine($"{source.Name}, {keys} keys, {heads} heads");
            }
        }

        if (result.GetValue(Json)) Console.WriteLine(JsonOf(rows));
        else WriteTable(rows);
    }

    private static void WriteTable(List<NodeRow> rows)
    {
        Console.WriteLine("| inputs | keys | block, sample | sinks | method | ms | error | median | worst |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
        foreach (NodeRow row in rows)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {row.Inputs} | {row.Keys} | {row.Budget} | {row.Sinks} | {row.Method} | {row.Milliseconds:F1} | "
                + $"{row.Errors?.Relative:F4} | {row.Errors?.Median:F4} | {row.Errors?.Worst:F4} |"));
        }
    }

    private static string JsonOf(List<NodeRow> rows) => Write(writer =>
    {
        writer.WriteStartArray("rows");
        foreach (NodeRow row in rows)
        {
            writer.WriteStartObject();
            writer.WriteString("inputs", row.Inputs);
            writer.WriteNumber("n", row.Keys);
            writer.WriteNumber("budget", row.Budget);
            writer.WriteNumber("sinks", row.Sinks);
            writer.WriteString("method", row.Method);
            writer.WriteNumber("ms", row.Milliseconds);
            if (row.Errors is { } errors)
            {
                writer.WriteNumber("heads", errors.Heads);
                writer.WriteNumber("relative_error", errors.Relative);
                writer.WriteNumber("error_median", errors.Median);
                writer.WriteNumber("error_mean", errors.Mean);
                writer.WriteNumber("error_worst", errors.Worst);
                if (row.Method != "KDEformer") writer.WriteNumber("lse_error", errors.LogSumExp);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    private static void MeasureCrossover(ParseResult result)
    {
        using var crossover = new LayerCrossover(8192);
        List<CrossoverRow> rows = crossover.Measure(5, HyperOptions.AutoSaving);
        if (result.GetValue(Json))
        {
            Console.WriteLine(Write(writer =>
            {
                writer.WriteStartArray("rows");
                foreach (CrossoverRow row in rows)
                {
                    writer.WriteStartObject();
                    writer.WriteNumber("position", row.Position);
                    if (row.CountedSaving is { } saving) writer.WriteNumber("counted_saving", saving);
                    writer.WriteBoolean("auto", row.IsAuto);
                    writer.WriteNumber("exact_ms", row.ExactMilliseconds);
                    writer.WriteNumber("hyper_ms", row.HyperMilliseconds);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
            }));
            return;
        }

        Console.WriteLine($"{InstructionSets.NameOf(InstructionSets.Best)}, one thread");
        Console.WriteLine("| position | counted saving | auto | exact ms | hyper ms | saved |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (CrossoverRow row in rows)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {row.Position} | "
                + $"{row.CountedSaving:F3} | {row.IsAuto} | {row.ExactMilliseconds:F2} | {row.HyperMilliseconds:F2} | "
                + $"{1 - (row.HyperMilliseconds / row.ExactMilliseconds):F3} |"));
        }
    }

    private static string Write(Action<Utf8JsonWriter> members)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("isa", InstructionSets.NameOf(InstructionSets.Best));
            writer.WriteNumber("threads", 1);
            members(writer);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
