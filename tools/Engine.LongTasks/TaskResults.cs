namespace Engine.LongTasks;

/// <summary>A mean with its standard error.</summary>
internal readonly record struct Estimate(double Mean, double Error, int Count)
{
    /// <summary>Of values that are taken as independent.</summary>
    public static Estimate Of(IReadOnlyList<double> values)
    {
        if (values.Count == 0) return default;
        double mean = values.Average();
        double squares = values.Sum(value => (value - mean) * (value - mean));
        return new Estimate(mean, Math.Sqrt(squares / Math.Max(1, values.Count - 1) / values.Count), values.Count);
    }

    /// <summary>Of the mean of several.</summary>
    public static Estimate Over(IReadOnlyList<Estimate> parts) => parts.Count == 0 ? default
        : new Estimate(parts.Average(part => part.Mean),
            Math.Sqrt(parts.Sum(part => part.Error * part.Error)) / parts.Count, parts.Sum(part => part.Count));
}

/// <summary>All samples, put together by length, attention and task. A run that was stopped has documents that not all
/// attentions have read; they would make rows differ by what was asked, so they are left out until they are complete.
/// </summary>
internal sealed class TaskResults
{
    private readonly IReadOnlyList<TaskSample> questions;

    public TaskResults(IEnumerable<TaskSample> samples)
    {
        List<TaskSample> all = [.. samples];
        questions = [.. all.Where(sample => sample.Kind == TaskSample.Question)
            .GroupBy(sample => (sample.Source, sample.Length)).SelectMany(Complete)];
        Facts = [.. all.Where(sample => sample.Kind == TaskSample.Machine).SelectMany(sample => sample.Facts ?? [])
            .Distinct()];
        Lengths = [.. questions.Select(sample => sample.Length).Distinct().Order()];
        Settings = [.. questions.Select(sample => sample.Setting!).Distinct()
            .OrderBy(AttentionSetting.LayersOf).ThenBy(name => name, StringComparer.Ordinal)];
        Tasks = [.. questions.Select(sample => sample.Task!.Value).Distinct().Order()];
    }

    public IReadOnlyList<string> Facts { get; }

    public IReadOnlyList<int> Lengths { get; }

    /// <summary>Exact first, then by the number of layers; calibrated ones last.</summary>
    public IReadOnlyList<string> Settings { get; }

    public IReadOnlyList<TaskKind> Tasks { get; }

    public int Documents => questions.Select(sample => (sample.Source, sample.Seed, sample.Length)).Distinct().Count();

    /// <summary>Mean of a figure of a task's questions.</summary>
    public Estimate Of(int length, string setting, TaskKind task, Func<TaskSample, double> figure) =>
        Estimate.Of([.. Select(length, setting, task).Select(figure)]);

    /// <summary>Mean change against exact attention, question by question: most of the noise is in which questions were
    /// asked, and they are the same.</summary>
    public Estimate Change(int length, string setting, TaskKind task, Func<TaskSample, double> figure)
    {
        var exact = Select(length, AttentionSetting.Exact, task).ToDictionary(sample => sample.Asked, figure);
        return Estimate.Of([.. Select(length, setting, task).Where(sample => exact.ContainsKey(sample.Asked))
            .Select(sample => figure(sample) - exact[sample.Asked])]);
    }

    /// <summary>Mean of all tasks, each as much as any other.</summary>
    public Estimate OfAll(Func<TaskKind, Estimate> of) =>
        Estimate.Over([.. Tasks.Select(of).Where(estimate => estimate.Count > 0)]);

    /// <summary>What all attentions were asked; if there is nothing, all.</summary>
    private static IEnumerable<TaskSample> Complete(IEnumerable<TaskSample> samples)
    {
        TaskSample[] given = [.. samples];
        int settings = given.DistinctBy(sample => sample.Setting).Count();
        TaskSample[] complete = [.. given.GroupBy(sample => sample.Asked)
            .Where(asked => asked.DistinctBy(sample => sample.Setting).Count() == settings).SelectMany(asked => asked)];
        return complete.Length > 0 ? complete : given;
    }

    private IEnumerable<TaskSample> Select(int length, string setting, TaskKind task) => questions.Where(sample =>
        sample.Length == length && sample.Setting == setting && sample.Task == task);
}
