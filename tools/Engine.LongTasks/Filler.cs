namespace Engine.LongTasks;

/// <summary>Sentences that answer no question: from a list, in its order from a random start, or made.</summary>
internal sealed class Filler(Draw draw, IReadOnlyList<string>? sentences)
{
    private static readonly string[] Subjects =
    [
        "the old woman", "the children", "a stranger", "the mayor", "the neighbours", "the postman", "nobody",
        "the young priest", "a group of travellers", "the twins", "the captain", "everyone in the street",
    ];

    private static readonly string[] Actions =
    [
        "talked about the weather", "waited for the evening train", "came home late", "counted the coins twice",
        "remembered a song from long ago", "asked for the way to the river", "closed the shutters",
        "looked up at the clouds", "wrote a long letter", "forgot to pay the bill", "read the newspaper aloud",
        "argued about the price of {0}", "bought some {0} and a little {1}", "carried the {0} into the cellar",
        "told a story about {0} and {1}", "lit the fire and cooked {0}",
    ];

    private static readonly string[] Times =
    [
        "In the morning", "Before noon", "Later that day", "After the rain", "On Sunday", "Towards evening",
        "At last", "Once more", "When the bells fell silent", "In the middle of the night", "As usual", "That week",
    ];

    private static readonly string[] Ends =
    [
        "", "", " and went away", " without a word", " and nobody was surprised", " until it grew dark",
        ", as people do", " because there was nothing else to do", ", and the wind blew from the sea",
    ];

    private int next = sentences is { Count: > 0 } ? draw.Below(sentences.Count) : 0;

    /// <summary>One more sentence.</summary>
    public string Next()
    {
        if (sentences is { Count: > 0 }) return sentences[next++ % sentences.Count];
        string action = draw.From(Actions).Replace("{0}", draw.From(WordBank.Goods), StringComparison.Ordinal)
            .Replace("{1}", draw.From(WordBank.Goods), StringComparison.Ordinal);
        return $"{draw.From(Times)} {draw.From(Subjects)} {action}{draw.From(Ends)}.";
    }

    /// <summary>The sentences of a text, on one line each.</summary>
    public static IReadOnlyList<string> SentencesOf(string text)
    {
        string flat = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        List<string> found = [];
        for (int begin = 0; begin < flat.Length;)
        {
            int end = flat.IndexOfAny(['.', '!', '?'], begin);
            if (end < 0) break;
            while (end + 1 < flat.Length && flat[end + 1] != ' ') end++;
            found.Add(flat[begin..(end + 1)]);
            begin = Math.Min(flat.Length, end + 2);
        }

        return found;
    }
}
