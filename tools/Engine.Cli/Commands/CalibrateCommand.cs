using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Engine.Cli.Commands;

/// <summary><c>engine calibrate</c>: which heads bear approximate attention.</summary>
internal sealed class CalibrateCommand
{
    private const int LongestDefault = 8192;

    private readonly ICliConsole console;
    private readonly Argument<string> model = CliOptions.Model();
    private readonly Argument<string> file = CliOptions.File("TEXT", "A long text, not one to be judged by it");
    private readonly Option<int[]> lengths = new("--lengths")
    {
        Description = "Ends of the ranges of positions to measure, ascending, separated by commas; the last decides "
            + $"[default: halves of what text and model allow, up to {LongestDefault}]",
        HelpName = "N,N…",
        DefaultValueFactory = _ => [],
        CustomParser = result =>
        {
            var values = new List<int>();
            foreach (string part in result.Tokens[0].Value.Split(','))
            {
                if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int value)
                    || value <= (values.Count == 0 ? 0 : values[^1]))
                {
                    result.AddError($"--lengths: expected ascending whole numbers, found \"{part}\"");
                    return [];
                }

                values.Add(value);
            }

            return [.. values];
        },
    };

    private readonly Option<string?> output = CliOptions.Text("--output", "FILE",
        $"File to write [default: the model's name with {AttentionCalibration.FileSuffix} added]", "-o");

    private readonly Option<string?> svg = CliOptions.Text("--svg", "FILE", "Also write the errors as a picture");
    private readonly Option<int> threads = CliOptions.Threads();
    private readonly Option<bool> json = CliOptions.Json();
    private readonly AttentionArguments attention = new();

    private CalibrateCommand(ICliConsole console) => this.console = console;

    public static Command Create(ICliConsole console)
    {
        var self = new CalibrateCommand(console);
        var command = new CliCommand("calibrate",
            "Measures on a text which attention heads of a model can be approximated, and keeps that beside the model.",
            "engine calibrate my-model.gguf book.txt",
            "engine calibrate my-model.gguf book.txt --lengths 2048,8192 --svg heads.svg")
        {
            self.model, self.file, self.lengths, self.output, self.svg, self.threads, self.json,
        };
        self.attention.AddTo(command, budgetOnly: true);
        command.SetAction(self.Run);
        return command;
    }

    private int Run(ParseResult result)
    {
        string path = result.GetRequiredValue(model);
        byte[] text = InputFiles.ReadBytes(result.GetRequiredValue(file));
        using var interruption = new Interruption(console);
        using LanguageModel loaded = LanguageModel.Load(InputFiles.Existing(path),
            new ModelOptions { Threads = result.GetValue(threads) });
        int[] ids = PromptEncoder.Encode(loaded.Tokenizer, text, begins: true);
        AttentionOptions budget = attention.Budget(result);
        int[] ranges = Ranges(result, loaded, ids.Length, budget.Leaf);
        bool asJson = result.GetValue(json);
        var progress = new Progress(console, asJson);
        var calibration = AttentionCalibration.Measure(loaded, path, ids, ranges, budget,
            done => progress.Report("tokens", done, ranges[^1]), interruption.Token);
        progress.Clear();
        string target = result.GetValue(output) ?? path + AttentionCalibration.FileSuffix;
        calibration.Save(target);
        if (result.GetValue(svg) is { } picture) File.WriteAllText(picture, HeatMap.Svg(calibration));
        if (asJson) WriteJson(calibration, target);
        else WriteText(calibration, target);
        return ExitCodes.Done;
    }

    private int[] Ranges(ParseResult result, LanguageModel loaded, int tokens, int leaf)
    {
        int[] given = result.GetRequiredValue(lengths);
        if (given.Length > 0 && given[^1] > tokens)
            throw new InvalidOperationException($"the text has {tokens} tokens, less than the length {given[^1]}");
        return given.Length > 0 ? given : DefaultLengths(tokens, loaded.TrainedContextLength, leaf);
    }

    /// <summary>Halves of what text and model allow, as far down as anything is approximated.</summary>
    public static int[] DefaultLengths(int tokens, int longestContext, int leaf)
    {
        int longest = Math.Min(tokens, Math.Min(LongestDefault, longestContext));
        var ranges = new List<int>();
        for (int length = longest; length > 3 * leaf; length /= 2) ranges.Insert(0, length);
        if (ranges.Count == 0)
            throw new InvalidOperationException(
                $"nothing can be measured within {longest} tokens: give a longer text, or a smaller --attention-leaf");
        return [.. ranges];
    }

    private void WriteText(AttentionCalibration calibration, string target)
    {
        HeatMap.Write(calibration, console.Output, console.OutputIsTerminal);
        int all = 0;
        for (int layer = 0; layer < calibration.LayerCount; layer++) all += calibration.HeadCount(layer);
        foreach (double threshold in (double[])[0.05, 0.1, 0.2, 0.4])
        {
            console.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"relative error below {threshold}: {calibration.CountBelow(threshold)} of {all} heads"));
        }

        console.Output.WriteLine($"written to {target}");
    }

    private void WriteJson(AttentionCalibration calibration, string target) => JsonResult.Write(console, writer =>
    {
        writer.WriteString("model", calibration.ModelName);
        writer.WriteString("output", target);
        JsonResult.Numbers(writer, "lengths", calibration.Lengths);
        writer.WriteStartArray("layers");
        for (int layer = 0; layer < calibration.LayerCount; layer++)
        {
            writer.WriteStartArray();
            for (int head = 0; head < calibration.HeadCount(layer); head++) WriteHead(writer, calibration, layer, head);
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
    });

    private static void WriteHead(Utf8JsonWriter writer, AttentionCalibration calibration, int layer, int head)
    {
        int range = calibration.Lengths.Count - 1;
        writer.WriteStartObject();
        JsonResult.Number(writer, "relative_error", calibration.ErrorOf(layer, head));
        JsonResult.Number(writer, "lse_error", calibration.LogSumExpErrorOf(layer, head, range));
        writer.WriteEndObject();
    }
}
