using Engine.Shapes;

namespace Engine.LongTasks;

/// <summary>Draws from lists, by a seed.</summary>
internal sealed class Draw(int seed)
{
    // Neighbouring seeds must not give sequences that overlap.
    private RandomSource random = new((ulong)seed * 0xD1342543DE82EF95 + 1);

    public int Below(int limit) => random.Below(limit);

    public T From<T>(IReadOnlyList<T> list) => list[Below(list.Count)];

    /// <summary>Some of a list, each once, in random order.</summary>
    public T[] Some<T>(IReadOnlyList<T> list, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, list.Count);
        T[] all = [.. list];
        for (int i = 0; i < count; i++)
        {
            int other = i + Below(all.Length - i);
            (all[i], all[other]) = (all[other], all[i]);
        }

        return all[..count];
    }

    /// <summary>All of a list in random order.</summary>
    public T[] Shuffled<T>(IReadOnlyList<T> list) => Some(list, list.Count);

    /// <summary>A question with the right answer among wrong ones, at a random place.</summary>
    /// <param name="task">What it asks.</param>
    /// <param name="prompt">Text up to the answer.</param>
    /// <param name="contrast">The same about what the document does not mention.</param>
    /// <param name="right">The right answer.</param>
    /// <param name="others">Answers that may be wrong; equal ones count once.</param>
    /// <param name="wrong">How many of them stand for choice, at most.</param>
    public Question Choice(TaskKind task, string prompt, string contrast, string right, IEnumerable<string> others,
        int wrong)
    {
        string[] candidates = [.. others.Where(other => other != right).Distinct()];
        string[] choices = Shuffled([right, .. Some(candidates, Math.Min(wrong, candidates.Length))]);
        return new Question(task, prompt, choices, Array.IndexOf(choices, right), contrast);
    }
}
