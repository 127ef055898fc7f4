namespace Engine.LongTasks;

/// <summary>Lines of words with their classes, whose names say nothing: what they mean must be seen from the examples.
/// </summary>
internal static class ExampleWriter
{
    /// <summary>Words of a class that no example shows.</summary>
    private const int Held = 6;

    private static readonly string[] Frames =
        ["I saw the word {0} today", "someone wrote {0} on the wall", "the next word is {0}", "then she said {0}"];

    /// <summary>Examples and questions.</summary>
    public static LongDocument Write(DocumentPlan plan)
    {
        var draw = new Draw(plan.Seed);
        string[] labels = draw.Shuffled(WordBank.Labels);
        string[][] words = [.. WordBank.Classes.Select(draw.Shuffled)];
        List<string> lines = [];
        for (int used = 0, i = 0; ; i++)
        {
            int kind = draw.Below(words.Length);
            string line = Line(draw, words[kind][draw.Below(words[kind].Length - Held)]) + $" {labels[kind]}\n";
            used += plan.Count(line);
            if (used > plan.Tokens) break;
            lines.Add(line);
        }

        List<Question> questions = [];
        for (int i = 0; i < plan.Questions; i++)
        {
            int kind = i % words.Length;
            string word = words[kind][^(1 + i / words.Length % Held)];
            questions.Add(draw.Choice(TaskKind.FewShot, Line(draw, word), " " + labels[kind],
                labels.Select(label => " " + label), labels.Length));
        }

        return new LongDocument(string.Concat(lines), questions);
    }

    private static string Line(Draw draw, string word) =>
        "Text: " + draw.From(Frames).Replace("{0}", word, StringComparison.Ordinal) + ". Class:";
}
