namespace Engine.Compare;

/// <summary>A Markdown document whose measured parts stand between marks, so that what people wrote around them stays.
/// </summary>
internal static class ReportDocument
{
    /// <summary>Puts text between the marks of a section; a section that is not there yet goes to the end.</summary>
    /// <exception cref="FormatException">A mark lacks its counterpart.</exception>
    public static string Replace(string document, string section, string content)
    {
        string begin = $"<!-- measured: {section} -->", end = $"<!-- end of {section} -->";
        string block = $"{begin}\n{content.Trim()}\n{end}";
        int first = document.IndexOf(begin, StringComparison.Ordinal);
        int last = document.IndexOf(end, StringComparison.Ordinal);
        if (first < 0 && last < 0) return document.TrimEnd() + $"\n\n## {section}\n\n{block}\n";
        if (first < 0 || last < first)
            throw new FormatException($"expected \"{begin}\" and then \"{end}\", once each");
        return document[..first] + block + document[(last + end.Length)..];
    }

    /// <summary>Writes tables and charts of a section.</summary>
    /// <param name="path">The document; it is created if it is not there.</param>
    /// <param name="section">Name of the section.</param>
    /// <param name="results">What was measured.</param>
    public static void Write(string path, string section, Results results)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        string stem = $"{Path.GetFileNameWithoutExtension(path)}-{FileName(section)}";
        string charts = "";
        foreach ((string name, RatioChart chart) in Charts(section, results))
        {
            if (chart.IsEmpty) continue;
            File.WriteAllText(Path.Combine(folder, $"{stem}-{name}.svg"), chart.Draw());
            charts += $"![{name} against {Sample.Peer}]({stem}-{name}.svg)\n\n";
        }

        string document = File.Exists(path) ? File.ReadAllText(path) : "# Performance\n";
        File.WriteAllText(path, Replace(document, section, charts + new Tables(results).Write()));
    }

    private static IEnumerable<(string Name, RatioChart Chart)> Charts(string section, Results results)
    {
        var decode = new RatioChart($"{section}: decode", "all of the memory bandwidth");
        var prefill = new RatioChart($"{section}: prefill", "peak of the multipliers");
        foreach (Condition row in results.Conditions.Where(row => row.Busy == 0))
        {
            if (results.Best(Sample.Peer, row) is not { } peer) continue;
            string group = $"{Tables.Describe(row)}, {row.Threads} thread{(row.Threads == 1 ? "" : "s")}";
            foreach (string variant in results.Variants)
            {
                if (results.Best(variant, row) is not { } run) continue;
                decode.Add(group, variant, run.Decode, peer.Decode,
                    Results.Over(run.Decode, results.BandwidthFraction(run)));
                prefill.Add(group, variant, run.Prefill, peer.Prefill,
                    Results.Over(run.Prefill, results.PeakFraction(run)));
            }
        }

        return [("decode", decode), ("prefill", prefill)];
    }

    private static string FileName(string section) =>
        string.Concat(section.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) || c == '.' ? c : '-'))
            .Trim('-');
}
