using System.Diagnostics;

namespace Engine.LongTasks;

/// <summary>Every document with every attention: made, read once, and asked.</summary>
internal sealed class TaskCourse(LanguageModel model, bool exactQuestions, int questions)
{
    /// <summary>Tokens of the context that are left for a question and its answer.</summary>
    public const int Reserve = 256;

    public required IReadOnlyList<AttentionSetting> Settings { get; init; }

    public required IReadOnlyList<int> Lengths { get; init; }

    public required IReadOnlyList<DocumentKind> Kinds { get; init; }

    public required IReadOnlyList<int> Seeds { get; init; }

    /// <summary>Sentences that fill up; null = made ones.</summary>
    public IReadOnlyList<string>? Prose { get; init; }

    /// <summary>Measures what is not there yet, all attentions of a document one after the other.</summary>
    /// <param name="known">Samples of earlier runs.</param>
    /// <param name="record">Gets a document and its questions.</param>
    /// <param name="report">Gets a line of text now and then.</param>
    /// <param name="goOn">Asked before each document.</param>
    public void Run(IReadOnlyList<TaskSample> known, Action<IReadOnlyList<TaskSample>> record, Action<string> report,
        Func<bool> goOn)
    {
        HashSet<(string?, int, int, string?)> done =
            [.. known.Where(sample => sample.Kind == TaskSample.Document).Select(sample => sample.Run)];
        foreach (int seed in Seeds)
        foreach (int length in Lengths)
        foreach (DocumentKind kind in Kinds)
        foreach (AttentionSetting setting in Settings)
        {
            var head = new TaskSample
            {
                Kind = TaskSample.Document, Source = kind.Name, Seed = seed, Length = length, Setting = setting.Name,
            };
            if (done.Contains(head.Run)) continue;
            if (!goOn()) return;
            IReadOnlyList<TaskSample> samples = Measure(head, kind, setting);
            record(samples);
            report($"{kind.Name} {seed}, {length} tokens, {setting.Name}: read in {samples[0].Seconds:F1} s, "
                + string.Join(", ", samples.Skip(1).GroupBy(one => one.Task).Select(group =>
                    $"{group.Key} {group.Average(one => one.Score):F0} ({group.Average(one => one.Loss):F2})")));
        }
    }

    private List<TaskSample> Measure(TaskSample head, DocumentKind kind, AttentionSetting setting)
    {
        LongDocument document = kind.Write(new DocumentPlan(head.Length - Reserve, questions, head.Seed,
            text => model.Tokenize(text).Length, Prose));
        using var examiner = new Examiner(model, setting.Options, head.Length, exactQuestions);
        var clock = Stopwatch.StartNew();
        examiner.Read(document.Text);
        List<TaskSample> samples = [head with { Seconds = clock.Elapsed.TotalSeconds }];
        for (int i = 0; i < document.Questions.Count; i++)
        {
            Question question = document.Questions[i];
            Answer answer = examiner.Ask(question);
            samples.Add(head with
            {
                Kind = TaskSample.Question,
                Index = i,
                Task = question.Task,
                Score = answer.Score,
                Chance = question.Chance,
                Match = answer.Match,
                Loss = answer.Loss,
                Answer = answer.Text,
                Right = question.Answer,
            });
        }

        return samples;
    }
}
