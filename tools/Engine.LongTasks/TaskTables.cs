using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Engine.LongTasks;

/// <summary>The results as Markdown.</summary>
internal sealed class TaskTables(TaskResults results)
{
    private readonly StringBuilder text = new();

    /// <summary>Facts, then scores and losses of every length.</summary>
    public string Write()
    {
        foreach (string fact in results.Facts) text.Append("- ").AppendLine(fact);
        text.AppendLine(CultureInfo.InvariantCulture, $"- {results.Documents} documents");
        foreach (int length in results.Lengths)
        {
            WriteFigure(length, "score, 0 to 100", ScoreOf, "F1", extras: true);
            WriteFigure(length, "right answer written word for word, %", MatchOf, "F1", extras: false);
            WriteFigure(length, "nats per token of the right answer", LossOf, "F3", extras: false);
        }

        return text.ToString().ReplaceLineEndings("\n");
    }

    /// <summary>The same as one JSON object.</summary>
    public static string Json(TaskResults results) => JsonSerializer.Serialize(
        new
        {
            results.Facts,
            Cells = from length in results.Lengths
                    from setting in results.Settings
                    from task in results.Tasks
                    let score = results.Of(length, setting, task, ScoreOf)
                    let loss = results.Of(length, setting, task, LossOf)
                    where score.Count > 0
                    select new
                    {
                        Length = length,
                        Attention = setting,
                        Task = NameOf(task),
                        Questions = score.Count,
                        Score = score.Mean,
                        ScoreError = score.Error,
                        ScoreChange = results.Change(length, setting, task, ScoreOf).Mean,
                        Match = results.Of(length, setting, task, MatchOf).Mean,
                        Loss = loss.Mean,
                        LossError = loss.Error,
                        LossChange = results.Change(length, setting, task, LossOf).Mean,
                        LossChangeError = results.Change(length, setting, task, LossOf).Error,
                    },
        },
        new JsonSerializerOptions(JsonSerializerDefaults.Web) { WriteIndented = true });

    /// <summary>What a task is called.</summary>
    public static string NameOf(TaskKind task) => task switch
    {
        TaskKind.FewShot => "few-shot",
        _ => task.ToString().ToLowerInvariant(),
    };

    /// <summary>The score.</summary>
    public static double ScoreOf(TaskSample sample) => sample.Score ?? 0;

    private static double MatchOf(TaskSample sample) => sample.Match == true ? 100 : 0;

    private static double LossOf(TaskSample sample) => sample.Loss ?? 0;

    private void WriteFigure(int length, string title, Func<TaskSample, double> figure, string format, bool extras)
    {
        text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"**{length:N0} tokens: {title}**").AppendLine();
        List<string> heads = ["approximated", .. results.Tasks.Select(NameOf), "mean", "against exact"];
        Row(heads);
        Row(heads.Select((_, i) => i == 0 ? "---" : "--:"));
        foreach (string setting in results.Settings)
        {
            List<Estimate> cells = [.. results.Tasks.Select(task => results.Of(length, setting, task, figure))];
            Estimate mean = results.OfAll(task => results.Of(length, setting, task, figure));
            if (mean.Count == 0) continue;
            List<string> row = [setting == AttentionSetting.Exact ? "none (exact)" : setting,
                .. cells.Append(mean).Select(cell => cell.Count == 0 ? "–" : Text(cell.Mean, format))];
            Estimate change = results.OfAll(task => results.Change(length, setting, task, figure));
            row.Add(setting == AttentionSetting.Exact || change.Count == 0 ? ""
                : $"{Text(change.Mean, "+" + format)} ± {Text(change.Error, format)}");
            Row(row);
        }

        Estimate[] errors = [.. results.Tasks.Select(task => results.Of(length, results.Settings[0], task, figure))];
        Row(["*standard error of a cell*", .. errors.Select(error => Text(error.Error, format)),
            Text(Estimate.Over(errors).Error, format), ""]);
        if (!extras) return;
        Estimate[] chances = [.. results.Tasks.Select(task =>
            results.Of(length, results.Settings[0], task, sample => sample.Chance ?? 0))];
        Row(["*guessing*", .. chances.Append(Estimate.Over(chances)).Select(chance => Text(chance.Mean, format)), ""]);
        Row(["*questions*", .. errors.Select(error => Text(error.Count, "F0")),
            Text(errors.Sum(error => error.Count), "F0"), ""]);
    }

    private void Row(IEnumerable<string> cells) => text.Append("| ").AppendJoin(" | ", cells).AppendLine(" |");

    private static string Text(double number, string format)
    {
        bool signed = format[0] == '+';
        string digits = number.ToString(signed ? format[1..] : format, CultureInfo.InvariantCulture);
        return digits.Replace('-', '−') is var shown && signed && number >= 0 ? "+" + shown : shown;
    }
}
