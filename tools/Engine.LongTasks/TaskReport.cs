using Engine.Compare;

namespace Engine.LongTasks;

/// <summary>Tables and chart in a document.</summary>
internal static class TaskReport
{
    /// <summary>Writes a section and its chart.</summary>
    /// <param name="path">The document; it is created if it is not there.</param>
    /// <param name="section">Name of the section.</param>
    /// <param name="results">What was measured.</param>
    public static void Write(string path, string section, TaskResults results)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        string picture = $"{Path.GetFileNameWithoutExtension(path)}-{section.ToLowerInvariant().Replace(' ', '-')}.svg";
        File.WriteAllText(Path.Combine(folder, picture), Chart(results).Draw());
        string content = $"![score against approximated layers]({picture})\n\n" + new TaskTables(results).Write();
        string document = File.Exists(path) ? File.ReadAllText(path) : "# Long documents\n";
        File.WriteAllText(path, ReportDocument.Replace(document, section, content));
    }

    /// <summary>Scores against layers, a line a task, a panel a length.</summary>
    public static LineChart Chart(TaskResults results)
    {
        string[] settings = [.. results.Settings];
        string[] marks = [.. settings.Select(name => AttentionSetting.LayersOf(name) switch
        {
            int.MaxValue => "calibrated",
            int layers => layers.ToString(System.Globalization.CultureInfo.InvariantCulture),
        })];
        var chart = new LineChart("Score against the number of approximated layers, the last ones", marks, 100);
        foreach (int length in results.Lengths)
        {
            chart.AddPanel($"{length:N0} tokens");
            foreach (TaskKind task in results.Tasks)
            {
                chart.AddLine(TaskTables.NameOf(task), [.. settings.Select(setting =>
                    results.Of(length, setting, task, TaskTables.ScoreOf) is { Count: > 0 } cell
                        ? cell.Mean : double.NaN)]);
            }

            chart.AddLine("mean", [.. settings.Select(setting =>
                results.OfAll(task => results.Of(length, setting, task, TaskTables.ScoreOf)) is { Count: > 0 } cell
                    ? cell.Mean : double.NaN)]);
        }

        return chart;
    }
}
