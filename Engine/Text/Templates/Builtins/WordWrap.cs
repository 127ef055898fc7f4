namespace Engine.Text.Templates;

/// <summary>The filter <c>wordwrap</c>: lines broken at blanks and hyphens to a width.</summary>
internal static class WordWrap
{
    public static Value Apply(Interpreter context, Value input, Arguments arguments)
    {
        Value?[] given = arguments.Bind(
            "wordwrap", 0, "width", "break_long_words", "wrapstring", "break_on_hyphens");
        int width = given[0] is { } w ? (int)Math.Clamp(Convert.Integer(w, "width"), 0, int.MaxValue) : 79;
        if (width == 0) throw new ChatTemplateException("wordwrap() needs a width above 0");
        bool breaksWords = given[1]?.IsTrue ?? true;
        bool breaksHyphens = given[3]?.IsTrue ?? true;
        string newline = given[2] is null or NoneValue ? "\n" : Convert.Text(given[2]!, "wrapstring");
        TextBuffer wrapped = new(context.Budget);
        bool isFirst = true;
        foreach (string line in StringMethods.Lines(Convert.Text(input, "the input of wordwrap"), keepEnds: false))
        {
            List<string> rows = Wrap(Split(line, breaksHyphens), width, breaksWords);
            if (rows.Count == 0) rows.Add("");
            foreach (string row in rows)
            {
                context.Budget.Step();
                if (!isFirst) wrapped.Append(newline);
                isFirst = false;
                wrapped.Append(row);
            }
        }

        return new StringValue(wrapped.ToString());
    }

    /// <summary>Runs of blanks, and words, which end after a hyphen between letters.</summary>
    private static List<string> Split(string line, bool breaksHyphens)
    {
        List<string> chunks = [];
        int start = 0;
        for (int i = 1; i <= line.Length; i++)
        {
            bool isBreak = i == line.Length || PythonString.IsSpace(line[i]) != PythonString.IsSpace(line[i - 1])
                || (breaksHyphens && line[i - 1] == '-' && i - start > 2 && char.IsLetter(line[i])
                    && char.IsLetter(line[i - 2]) && char.IsLetter(line[i - 3]));
            if (!isBreak) continue;
            chunks.Add(line[start..i]);
            start = i;
        }

        return chunks;
    }

    private static List<string> Wrap(List<string> chunks, int width, bool breaksWords)
    {
        List<string> rows = [];
        string row = "";
        for (int i = 0; i < chunks.Count; i++)
        {
            string chunk = chunks[i];
            bool isBlank = PythonString.IsSpace(chunk[0]);
            if (isBlank && row.Length == 0 && rows.Count > 0) continue;
            if (row.Length + chunk.Length <= width)
            {
                row += chunk;
                continue;
            }

            if (breaksWords && chunk.Length > width)
            {
                int room = Math.Max(width - row.Length, row.Length == 0 ? 1 : 0);
                row += chunk[..room];
                chunks[i] = chunk[room..];
            }
            else if (row.Length == 0)
            {
                row = chunk;
                chunks[i] = "";
            }

            if (PythonString.Strip(row, null, false, true) is { Length: > 0 } done) rows.Add(done);
            row = "";
            if (chunks[i].Length > 0) i--;
        }

        if (PythonString.Strip(row, null, false, true) is { Length: > 0 } last) rows.Add(last);
        return rows;
    }
}
