using Engine.Reports;

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
        var document = new MeasuredSection(path, section);
        string chart = document.AddPicture("score", "score against approximated layers", Chart(results).Draw());
        document.Write(chart + new TaskTables(results).Write(), newDocument: "# Long documents\n");
    }

    /// <summary>Scores against the last layers, a line a task, a panel a length.</summary>
    public static LineChart Chart(TaskResults results)
    {
        var chart = new LineChart("Score by approximated layers", columns: 2);
        foreach (int length in results.Lengths)
        {
            LinePanel panel = chart.Add($"{length:N0} tokens", "last layers that are approximated", "0");
            foreach (string setting in results.Settings)
            {
                int layers = AttentionSetting.LayersOf(setting);
                if (layers == int.MaxValue) continue;
                foreach (TaskKind task in results.Tasks)
                    Add(TaskTables.NameOf(task), results.Of(length, setting, task, TaskTables.ScoreOf));
                Add("mean", results.OfAll(task => results.Of(length, setting, task, TaskTables.ScoreOf)));

                void Add(string line, Estimate cell)
                {
                    if (cell.Count > 0) panel.Add(line, layers, cell.Mean, $"{line}, last {layers}");
                }
            }
        }

        return chart;
    }
}
