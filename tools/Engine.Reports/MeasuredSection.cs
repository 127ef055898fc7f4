namespace Engine.Reports;

/// <summary>A section of a Markdown document whose measured part stands between marks, so that what people wrote around
/// it stays.</summary>
/// <param name="path">The document; it is created if it is not there.</param>
/// <param name="section">Name of the section.</param>
internal sealed class MeasuredSection(string path, string section)
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

    /// <summary>Writes a picture beside the document.</summary>
    /// <returns>The line that shows it.</returns>
    public string AddPicture(string name, string description, string svg)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        string file = $"{Path.GetFileNameWithoutExtension(path)}-{FileName(section)}-{name}.svg";
        File.WriteAllText(Path.Combine(folder, file), svg);
        return $"![{description}]({file})\n\n";
    }

    /// <summary>Writes the section.</summary>
    /// <param name="content">What stands between its marks.</param>
    /// <param name="newDocument">Beginning of a document that is not there yet.</param>
    public void Write(string content, string newDocument) => File.WriteAllText(path,
        Replace(File.Exists(path) ? File.ReadAllText(path) : newDocument, section, content));

    private static string FileName(string section) =>
        string.Concat(section.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) || c == '.' ? c : '-'))
            .Trim('-');
}
