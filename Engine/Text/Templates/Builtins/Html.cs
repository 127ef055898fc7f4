namespace Engine.Text.Templates;

/// <summary>HTML escapes as markupsafe has them.</summary>
internal static class Html
{
    public static string Escape(string text) => text.AsSpan().ContainsAny("&<>'\"")
        ? text.Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;").Replace("'", "&#39;")
            .Replace("\"", "&#34;")
        : text;

    public static string EscapeUnlessMarkup(StringValue text) => text.IsMarkup ? text.Text : Escape(text.Text);

    /// <summary>The text of a value, escaped unless it is marked as safe.</summary>
    public static string Escape(Interpreter context, Value value) =>
        value is StringValue text ? EscapeUnlessMarkup(text) : Escape(context.Text(value));

    /// <summary>The five escapes above, and a few more, back to characters.</summary>
    public static string Unescape(string text) => text.Contains('&')
        ? text.Replace("&lt;", "<").Replace("&gt;", ">").Replace("&#39;", "'").Replace("&#34;", "\"")
            .Replace("&quot;", "\"").Replace("&amp;", "&")
        : text;

    /// <summary>Without comments and tags, runs of whitespace made one blank.</summary>
    public static string StripTags(string text)
    {
        text = RemoveBetween(RemoveBetween(text, "<!--", "-->"), "<", ">");
        System.Text.StringBuilder words = new(text.Length);
        bool atSpace = false;
        foreach (char c in PythonString.Strip(text, null, true, true))
        {
            bool isSpace = PythonString.IsSpace(c);
            if (!isSpace) words.Append(c);
            else if (!atSpace) words.Append(' ');
            atSpace = isSpace;
        }

        return Unescape(words.ToString());
    }

    private static string RemoveBetween(string text, string open, string close)
    {
        System.Text.StringBuilder kept = new(text.Length);
        int position = 0;
        while (true)
        {
            int start = text.IndexOf(open, position, StringComparison.Ordinal);
            int end = start < 0 ? -1 : text.IndexOf(close, start, StringComparison.Ordinal);
            if (end < 0) return kept.Append(text, position, text.Length - position).ToString();
            kept.Append(text, position, start - position);
            position = end + close.Length;
        }
    }
}
