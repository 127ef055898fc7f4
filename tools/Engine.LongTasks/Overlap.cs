namespace Engine.LongTasks;

/// <summary>How much of a sentence another one says, by words.</summary>
internal static class Overlap
{
    /// <summary>F1 of the words (ROUGE-1), from 0 to 100; words that the prompt contains count in neither, as whoever
    /// repeats it would score by them.</summary>
    /// <param name="answer">What was written; only its first line counts.</param>
    /// <param name="reference">What was wanted.</param>
    /// <param name="prompt">What was asked.</param>
    public static double Score(string answer, string reference, string prompt)
    {
        HashSet<string> known = [.. WordsOf(prompt)];
        List<string> wanted = [.. WordsOf(reference).Where(word => !known.Contains(word))];
        string[] found = [.. WordsOf(FirstLine(answer)).Where(word => !known.Contains(word))];
        if (wanted.Count == 0 || found.Length == 0) return 0;
        int total = wanted.Count + found.Length;
        int common = found.Count(wanted.Remove);
        return 200.0 * common / total;
    }

    private static string FirstLine(string text)
    {
        string trimmed = text.TrimStart();
        int end = trimmed.IndexOf('\n', StringComparison.Ordinal);
        return end < 0 ? trimmed : trimmed[..end];
    }

    private static IEnumerable<string> WordsOf(string text)
    {
        int begin = -1;
        for (int i = 0; i <= text.Length; i++)
        {
            bool inside = i < text.Length && char.IsLetterOrDigit(text[i]);
            if (inside && begin < 0) begin = i;
            if (inside || begin < 0) continue;
            yield return text[begin..i].ToLowerInvariant();
            begin = -1;
        }
    }
}
