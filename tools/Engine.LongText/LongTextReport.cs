using System.Globalization;
using Engine.Reports;

namespace Engine.LongText;

/// <summary>The results as a section of a document: facts, a table, and what the paper's Figure 3 shows.</summary>
internal sealed class LongTextReport(LongTextResults results)
{
    /// <summary>Changes of perplexity up to this are drawn once more for themselves.</summary>
    private const double NearExact = 5;

    /// <summary>Writes the section and its pictures.</summary>
    /// <param name="path">The document.</param>
    /// <param name="section">Name of the section.</param>
    public void Write(string path, string section)
    {
        var document = new MeasuredSection(path, section);
        string pictures = "";
        if (DrawPerplexity() is { } perplexity)
            pictures += document.AddPicture("perplexity", "perplexity by approximated layers", perplexity);
        if (DrawSpeed() is { } speed)
            pictures += document.AddPicture("speed", "speed-up by approximated layers", speed);
        document.Write(pictures + Tables(), newDocument: "# Long prompts\n");
    }

    /// <summary>Facts and table.</summary>
    public string Tables()
    {
        var text = new MarkdownTables();
        WriteFacts(text);
        List<string> columns = ["attention", "heads", "keys a query sees", "perplexity", "change", "spread"];
        foreach (int threads in results.Threads)
        {
            string of = threads == 1 ? "1 thread" : $"{threads} threads";
            columns.AddRange([$"attention s, {of}", "× exact", $"prefill s, {of}", "× exact"]);
        }

        text.Head($"{results.First.Model}, {results.First.Tokens:N0} tokens of {results.First.Text}", columns);
        foreach (ResultRow row in results.Rows)
        {
            LongTextSample sample = row.Sample;
            List<string> cells =
            [
                row.Name, $"{sample.Heads} of {sample.AllHeads}", Number(sample.KeysPerQuery, "N0"),
                Number(row.Perplexity, "F3"),
                row == results.Exact ? "" : Number(100 * results.Change(row), "+0.00;−0.00;0.00", " %"),
                row.Seeds > 1 ? $"{Number(100 * results.Spread(row), "F2")} % of {row.Seeds} seeds" : "",
            ];
            foreach (int threads in results.Threads)
            {
                cells.AddRange(Times(row, threads, timing => timing.Attention));
                cells.AddRange(Times(row, threads, timing => timing.Prefill));
            }

            text.Row(cells);
        }

        return text.ToString();
    }

    private void WriteFacts(MarkdownTables text)
    {
        foreach (string fact in results.Machines.SelectMany(machine => machine.Facts ?? []).Distinct()) text.Item(fact);
        if (results.Machines.Count > 0)
        {
            string first = Machine.Minute(results.Machines.Min(machine => machine.At));
            string last = Machine.Minute(results.Machines.Max(machine => machine.At));
            text.Item($"measured {(first == last ? first : $"{first} to {last}")} UTC");
        }

        foreach (string command in results.Machines.Select(machine => machine.Command ?? "").Distinct())
            if (command.Length > 0) text.Item(command);
        if (results.Rounds > 1) text.Item($"times: best of {results.Rounds}");
        foreach (var series in results.Rows.GroupBy(row => row.Series))
            text.Item($"{series.Key}: {series.First().Sample.Sees}");
    }

    private IEnumerable<string> Times(ResultRow row, int threads, Func<Timing, double> of)
    {
        double seconds = of(row[threads]);
        return [Number(seconds > 0 ? seconds : double.NaN, "F1"), Number(results.Speedup(row, threads, of), "F2")];
    }

    private string? DrawPerplexity()
    {
        if (results.Rows.All(row => double.IsNaN(row.Nll))) return null;
        var chart = new LineChart("Perplexity by approximated layers", columns: 2);
        LinePanel whole = chart.Add("perplexity", XName, "0.##");
        LinePanel near = chart.Add($"change of perplexity in %, up to {NearExact}", XName, "+0.##;−0.##;0");
        near.Top = NearExact;
        Plot(whole, row => row.Perplexity);
        Plot(near, row => 100 * results.Change(row));
        return chart.Draw();
    }

    private string? DrawSpeed()
    {
        if (results.Threads.Count == 0 || results.Exact is null) return null;
        var chart = new LineChart("Speed-up by approximated layers", columns: 2);
        foreach (int threads in results.Threads)
        {
            string of = threads == 1 ? "1 thread" : $"{threads} threads";
            Plot(chart.Add($"attention alone, {of}", XName, "0.##×"),
                row => results.Speedup(row, threads, timing => timing.Attention));
            Plot(chart.Add($"whole prefill, {of}", XName, "0.##×"),
                row => results.Speedup(row, threads, timing => timing.Prefill));
        }

        return chart.Draw();
    }

    private string XName => $"approximated layers of {results.First.Layers} (calibrated: as many heads)";

    /// <summary>A line for each series; all begin where nothing is approximated.</summary>
    private void Plot(LinePanel panel, Func<ResultRow, double> value)
    {
        foreach (string series in Setting.Names)
        {
            ResultRow[] rows = [.. results.Rows.Where(row => row.Series == series)];
            if (rows.Length == 0 || series == Setting.Exact) continue;
            if (results.Exact is { } exact) panel.Add(series, 0, value(exact), exact.Name);
            foreach (ResultRow row in rows) panel.Add(series, row.Layers, value(row), row.Name);
        }
    }

    /// <summary>A dash for what was not measured.</summary>
    private static string Number(double value, string format, string unit = "") => double.IsNaN(value) ? "–"
        : value.ToString(format, CultureInfo.InvariantCulture) + unit;
}
