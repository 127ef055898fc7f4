using System.CommandLine;
using Engine.Reports;

namespace Engine.Compare;

/// <summary><c>layer</c>: measures single layers of attention and writes their tables and charts.</summary>
internal sealed class LayerCommand
{
    private readonly Option<string?> engine = Text("--engine", "engine, or its assembly");
    private readonly Option<string?> bench = Text("--bench", "Engine.Bench's assembly; left out: what it measures is");
    private readonly Option<string?> captured = Text("--captured",
        "File of captured layers, 8,192 positions; made with --bench, --model and --text if it is not there");

    private readonly Option<string?> model = Text("--model", "Model to capture");
    private readonly Option<string?> book = Text("--text", "Text that it reads");
    private readonly Option<string?> raw = Text("--raw", "File that gets every result as it comes, a JSON line each");
    private readonly Option<string[]> from = Texts("--from", "Files of results: measure nothing, write the document");
    private readonly Option<string[]> only = Texts("--only", "Parts to measure: " + string.Join(", ",
        LayerPlan.Speed, LayerPlan.Defaults, LayerPlan.Errors, LayerPlan.DefaultErrors, LayerPlan.Budgets,
        LayerPlan.Choices, LayerPlan.Crossover));

    private readonly Option<int[]> threads = new("--threads")
    {
        Description = "Thread counts of what is timed",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [1, 2],
    };

    private readonly Option<string> document = new("--document")
    {
        Description = "Markdown file; charts go beside it",
        DefaultValueFactory = _ => "docs/long-context.md",
    };

    /// <summary>The command, ready to parse.</summary>
    public static Command Create()
    {
        var self = new LayerCommand();
        var command = new Command("layer", "Measures single layers of attention and writes their tables and charts.")
        {
            self.engine, self.bench, self.captured, self.model, self.book, self.raw, self.from, self.only,
            self.threads, self.document,
        };
        command.SetAction(self.RunAsync);
        return command;
    }

    /// <summary>Writes sections and charts of a document.</summary>
    public static void Write(string path, IReadOnlyList<LayerFigure> figures)
    {
        var tables = new LayerTables(figures);
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!, stem = Path.GetFileNameWithoutExtension(path);
        foreach ((string name, LogChart chart) in tables.Charts())
            if (!chart.IsEmpty) File.WriteAllText(Path.Combine(folder, $"{stem}-{name}.svg"), chart.Draw());
        string text = File.Exists(path) ? File.ReadAllText(path) : "# Long prompts\n";
        foreach ((string section, string content) in tables.Sections())
            text = MeasuredSection.Replace(text, section, content);
        File.WriteAllText(path, text);
    }

    private async Task<int> RunAsync(ParseResult result, CancellationToken cancellation)
    {
        try
        {
            List<string> lines = [];
            string[] sources = result.GetValue(from) ?? [];
            foreach (string source in sources)
                lines.AddRange(File.ReadLines(source).Where(line => !string.IsNullOrWhiteSpace(line)));
            if (sources.Length == 0) await MeasureAsync(result, lines, cancellation).ConfigureAwait(false);
            Write(result.GetRequiredValue(document), [.. lines.SelectMany(LayerFigure.Parse)]);
            return 0;
        }
        catch (Exception error) when (error is FormatException or IOException or InvalidOperationException
            or UnauthorizedAccessException or System.Text.Json.JsonException)
        {
            Console.Error.WriteLine("compare: " + error.Message);
            return 1;
        }
    }

    private async Task MeasureAsync(ParseResult result, List<string> lines, CancellationToken cancellation)
    {
        string program = result.GetValue(engine) ?? throw new FormatException("expected --engine, or --from");
        string? other = result.GetValue(bench), file = result.GetValue(captured), target = result.GetValue(raw);
        if (file is not null && !File.Exists(file))
            await CaptureAsync(result, file, cancellation).ConfigureAwait(false);
        foreach (LayerStep step in LayerPlan.Steps(result.GetRequiredValue(threads), file, result.GetValue(only) ?? []))
        {
            if (step.OfBench && other is null) continue;
            Console.Error.WriteLine($"{step.Part}: {string.Join(' ', step.Arguments)}");
            string printed = await new ExternalProgram(step.OfBench ? other! : program, step.Environment)
                .RunAsync(step.Arguments, cancellation).ConfigureAwait(false);
            string line = LayerFigure.Line(step.Part, printed);
            lines.Add(line);
            if (target is not null) File.AppendAllText(target, line + "\n");
        }
    }

    private async Task CaptureAsync(ParseResult result, string file, CancellationToken cancellation)
    {
        if (result.GetValue(bench) is not { } program || result.GetValue(model) is not { } source
            || result.GetValue(book) is not { } text)
            throw new FormatException($"{file}: no such file; --bench, --model and --text make it");
        await new ExternalProgram(program).RunAsync(["--layer-errors", "--model", source, "--text", text, "--capture",
            file], cancellation).ConfigureAwait(false);
    }

    private static Option<string?> Text(string name, string description) =>
        new(name) { Description = description, HelpName = "PATH" };

    private static Option<string[]> Texts(string name, string description) =>
        new(name) { Description = description, AllowMultipleArgumentsPerToken = true };
}
