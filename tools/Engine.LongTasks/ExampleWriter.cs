namespace Engine.LongTasks;

/// <summary>Lines of words with their classes, whose names say nothing: what they mean must be seen from the examples.
/// </summary>
internal static class ExampleWriter
{
    /// <summary>Words of a class that no example shows.</summary>
    private const int Held = 6;

    /// <summary>Long enough for a question not to be evaluated exactly as a few tokens are.</summary>
    private static readonly string[] Frames =
    [
        "I read the word {0} in a book today", "someone wrote {0} on the wall of the house",
        "the next word that we all know is {0}", "then she said {0} and nothing else at all",
    ];

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
            string word = words[kind][draw.Below(words[kind].Length - Held)];
            string line = $"{Line(draw.From(Frames), word)} {labels[kind]}\n";
            used += plan.Count(line);
            if (used > plan.Tokens) break;
            lines.Add(line);
        }

        List<Question> questions = [];
        for (int i = 0; i < plan.Questions; i++)
        {
            int kind = i % words.Length;
            string asked = words[kind][^(1 + i / words.Length % Held)];
            string frame = draw.From(Frames);
            questions.Add(draw.Choice(TaskKind.FewShot, Line(frame, asked), Line(frame, "something"),
                " " + labels[kind], labels.Select(label => " " + label), labels.Length));
        }

        return new LongDocument(string.Concat(lines), questions);
    }

    private static string Line(string frame, string word) =>
        "Text: " + frame.Replace("{0}", word, StringComparison.Ordinal) + ". Class:";
}
