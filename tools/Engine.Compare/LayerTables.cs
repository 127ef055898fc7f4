using System.Globalization;
using System.Text;

namespace Engine.Compare;

/// <summary>The figures of single layers as Markdown tables and charts, a section of the document each.</summary>
internal sealed class LayerTables(IEnumerable<LayerFigure> all)
{
    private const string Captured = "captured";
    private static readonly CultureInfo Plain = CultureInfo.InvariantCulture;

    private readonly LayerFigure[] figures = [.. all];
    private readonly StringBuilder text = new();

    /// <summary>Sections that there are figures for, with their content.</summary>
    public IEnumerable<(string Section, string Content)> Sections()
    {
        (string Section, Action Write)[] sections =
        [
            ("layer speed", WriteSpeeds), ("captured layers", WriteCaptured), ("layer budgets", WriteBudgets),
            ("ways to choose", WriteChoices), ("where auto begins", WriteCrossover),
        ];
        return sections.Select(one => (one.Section, Content: Content(one.Write))).Where(one => one.Content.Length > 0);
    }

    /// <summary>Charts that there are figures for, by the end of their file's name.</summary>
    public IEnumerable<(string Name, LogChart Chart)> Charts()
    {
        var speed = new LogChart("One layer, one thread: how many times faster than exact attention", "positions",
            "times exact attention's speed");
        LayerFigure[] timed = [.. Of(LayerPlan.Speed, LayerPlan.Defaults).Where(row => row.Threads == 1)];
        foreach (var line in timed.GroupBy(Layout).OrderBy(line => line.Key, StringComparer.Ordinal))
            speed.Add(line.Key, line.GroupBy(row => row.Length).Select(same => ((double)same.Key,
                Last(same)!.Speedup)));
        var errors = new LogChart("Relative error of a causal layer of 8,192 positions by budget",
            "keys of the block, and as many samples", "relative error of the output");
        foreach (var line in Of(LayerPlan.Budgets).GroupBy(row => row.Inputs))
        {
            string label = line.Key == Captured ? "captured, median head" : line.Key;
            errors.Add(label, line.GroupBy(row => row.Budget).Select(same => ((double)same.Key,
                Last(same)!.Number(line.Key == Captured ? "error_median" : "relative_error"))));
        }

        return [("speedup", speed), ("errors", errors)];
    }

    private string Content(Action write)
    {
        text.Clear();
        write();
        return text.ToString().ReplaceLineEndings("\n").Trim();
    }

    private IEnumerable<LayerFigure> Of(params string[] parts) =>
        figures.Where(figure => parts.Contains(figure.Part));

    /// <summary>What a line of the chart and rows of the table are called.</summary>
    private static string Layout(LayerFigure row) => !row.Causal ? "no mask"
        : row.Part is LayerPlan.Defaults or LayerPlan.DefaultErrors ? "defaults (leaf 512, 64 sinks, band 512)"
        : $"causal, leaf {row.Leaf.ToString("N0", Plain)}";

    private void WriteSpeeds()
    {
        LayerFigure[] rows = [.. Of(LayerPlan.Speed, LayerPlan.Defaults)];
        if (rows.Length == 0) return;
        int[] threads = [.. rows.Select(row => row.Threads).Distinct().Order()];
        string[] kinds = [.. LayerPlan.MadeUp.Where(kind => rows.Any(row => row.Inputs == kind)
            || Of(LayerPlan.Errors, LayerPlan.DefaultErrors).Any(row => row.Inputs == kind))];
        Head(["n", "layout", "heads", "exact ms", "hyper ms",
            .. threads.Select(count => $"speed-up, {count} thread{(count == 1 ? "" : "s")}"), "MB",
            .. kinds.Select(kind => $"error, ΔLSE: {kind}")]);
        foreach (var group in rows.GroupBy(row => (row.Length, Layout: Layout(row)))
            .OrderBy(group => group.Key.Length).ThenBy(group => group.Key.Layout, StringComparer.Ordinal))
        {
            // Of the fewest threads, the last measurement.
            LayerFigure first = Last(group.OrderByDescending(row => row.Threads))!;
            List<string> cells = [Count(group.Key.Length), group.Key.Layout, Count(first.Heads),
                Text(first.Number("exact_ms") / first.Heads, "N0"), Text(first.Number("hyper_ms") / first.Heads, "N1")];
            foreach (int count in threads)
                cells.Add(Text(Last(group.Where(row => row.Threads == count))?.Speedup ?? double.NaN, "F1"));
            cells.Add(Text(first.Number("peak_bytes") / 1e6, "N0"));
            foreach (string kind in kinds)
            {
                cells.Add(Errors(Last(figures.Where(row => row.Part is LayerPlan.Speed or LayerPlan.Defaults
                    or LayerPlan.Errors or LayerPlan.DefaultErrors && row.Inputs == kind
                    && row.Length == group.Key.Length && Layout(row) == group.Key.Layout && row.Inputs == kind))));
            }

            Row(cells);
        }
    }

    private void WriteCaptured()
    {
        LayerFigure[] rows = [.. Of(LayerPlan.Errors, LayerPlan.DefaultErrors).Where(row => row.Inputs == Captured)];
        if (rows.Length == 0) return;
        Head(["n", "layout", "heads", "all together", "median head", "mean", "worst", "ΔLSE"]);
        foreach (var group in rows.GroupBy(row => (row.Length, Layout: Layout(row))).OrderBy(group => group.Key.Length)
            .ThenBy(group => group.Key.Layout, StringComparer.Ordinal))
        {
            LayerFigure row = Last(group)!;
            Row([Count(row.Length), group.Key.Layout, Count(row.Heads), Text(row.Error, "F3"),
                Text(row.Number("error_median"), "F3"), Text(row.Number("error_mean"), "F3"),
                Text(row.Number("error_worst"), "F3"), Text(row.Number("lse_error"), "F3")]);
        }
    }

    private void WriteBudgets()
    {
        LayerFigure[] rows = [.. Of(LayerPlan.Budgets)];
        if (rows.Length == 0) return;
        string[] kinds = [.. rows.Select(row => row.Inputs).Distinct()];
        Head(["block, sample", .. kinds.Select(kind => kind == Captured ? "captured: median, worst head" : kind)]);
        foreach (var group in rows.GroupBy(row => row.Budget).OrderBy(group => group.Key))
        {
            Row([Count(group.Key), .. kinds.Select(kind => Last(group.Where(row => row.Inputs == kind)) is not { } row
                ? "–" : kind == Captured
                    ? $"{Text(row.Number("error_median"), "F3")}, {Text(row.Number("error_worst"), "F3")}"
                    : Text(row.Error, "F3"))]);
        }
    }

    private void WriteChoices()
    {
        LayerFigure[] rows = [.. Of(LayerPlan.Choices)];
        if (rows.Length == 0) return;
        (string Method, int Sinks, string Title)[] columns =
        [
            ("buckets", 0, "buckets"), ("diagonals", 0, "diagonals"), ("KDEformer", 0, "KDEformer"),
            ("buckets", 64, "buckets, 64 sinks"), ("diagonals", 64, "diagonals, 64 sinks"),
        ];
        Head(["inputs", "keys", "block, sample", .. columns.Select(column => column.Title)]);
        foreach (var group in rows.Where(row => row.Method != "exact")
            .GroupBy(row => (row.Inputs, row.Length, row.Budget)))
        {
            Row([group.Key.Inputs, Count(group.Key.Length), Count(group.Key.Budget), .. columns.Select(column =>
                Last(group.Where(row => row.Method == column.Method && (int)row.Number("sinks") == column.Sinks))
                    is { } row ? Text(row.Error, "F3") + (row.Inputs == Captured
                        ? $" ({Text(row.Number("error_median"), "F3")})" : "") : "–")]);
        }

        text.AppendLine();
        Head(["keys", "block, sample", "exact ms", .. columns[..3].Select(column => column.Title + " ms")]);
        LayerFigure[] timed = [.. rows.Where(row => row.Inputs == LayerPlan.MadeUp[0])];
        foreach (var group in timed.Where(row => row.Method != "exact").GroupBy(row => (row.Length, row.Budget)))
        {
            LayerFigure? exact = Last(timed.Where(row => row.Method == "exact" && row.Length == group.Key.Length));
            Row([Count(group.Key.Length), Count(group.Key.Budget), Text(exact?.Number("ms") ?? double.NaN, "F1"),
                .. columns[..3].Select(column => Text(Last(group.Where(row => row.Method == column.Method
                    && (int)row.Number("sinks") == column.Sinks))?.Number("ms") ?? double.NaN, "F1"))]);
        }
    }

    private void WriteCrossover()
    {
        var sets = Of(LayerPlan.Crossover).GroupBy(row => row.Isa).Select(rows => (Isa: rows.Key,
            Rows: rows.GroupBy(row => (int)row.Number("position")).Select(same => same.Last()).ToArray())).ToArray();
        if (sets.Length == 0) return;
        Head(["prompt", .. sets.SelectMany(set =>
            (string[])[$"{set.Isa}: exact ms", "hyper", "auto"])]);
        foreach (int length in (int[])[1024, 2048, 4096, 8192])
        {
            List<string> cells = [Count(length)];
            foreach ((_, LayerFigure[] rows) in sets)
            {
                LayerFigure[] within = [.. rows.Where(row => row.Number("position") < length)];
                cells.Add(Text(within.Sum(row => row.Number("exact_ms")), "F0"));
                cells.Add(Text(within.Sum(row => row.Number("hyper_ms")), "F0"));
                cells.Add(Text(within.Sum(row =>
                    row.Number(row.Row.GetProperty("auto").GetBoolean() ? "hyper_ms" : "exact_ms")), "F0"));
            }

            Row(cells);
        }

        text.AppendLine();
        Head(["block from", "keys saved", .. sets.Select(set => $"{set.Isa}: time saved")]);
        foreach (LayerFigure row in sets[0].Rows.Where(row => row.Number("counted_saving") < 0.6))
        {
            double position = row.Number("position");
            Row([Count((int)position), Text(row.Number("counted_saving"), "P0"), .. sets.Select(set =>
                Last(set.Rows.Where(other => other.Number("position") == position)) is { } other
                    ? Text(1 - (other.Number("hyper_ms") / other.Number("exact_ms")), "P0") : "–")]);
        }
    }

    private static string Errors(LayerFigure? row) =>
        row is null ? "–" : $"{Text(row.Error, "F3")}, {Text(row.Number("lse_error"), "F3")}";

    /// <summary>A step that was repeated counts as it was last.</summary>
    private static LayerFigure? Last(IEnumerable<LayerFigure> rows) => rows.LastOrDefault();

    private void Head(IReadOnlyList<string> columns)
    {
        Row(columns);
        Row([.. columns.Select((_, i) => i == 0 ? "---" : "--:")]);
    }

    private void Row(IEnumerable<string> cells) => text.Append("| ").AppendJoin(" | ", cells).AppendLine(" |");

    private static string Count(int number) => number.ToString("N0", Plain);

    private static string Text(double number, string format) => double.IsNaN(number) ? "–"
        : format == "P0" ? (100 * number).ToString("F0", Plain) + " %" : number.ToString(format, Plain);
}
