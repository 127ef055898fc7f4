namespace Engine.Text.Templates;

/// <summary>Methods that search, split, join and replace.</summary>
internal static partial class StringMethods
{
    /// <summary>The part of the text that optional bounds select, and where it begins.</summary>
    private static (string Text, int Start) Window(Value subject, Value? start, Value? stop)
    {
        string text = TextOf(subject);
        if (start is (null or NoneValue) && stop is (null or NoneValue)) return (text, 0);
        int length = PythonString.Length(text);
        int from = Bound(start, 0);
        int to = Bound(stop, length);
        if (from > length || to < from) return (text, -1);
        return (text[PythonString.OffsetOf(text, from)..PythonString.OffsetOf(text, to)], from);

        int Bound(Value? value, int absent)
        {
            if (value is null or NoneValue) return absent;
            long index = Convert.Integer(value, "a bound");
            if (index < 0) index = Math.Max(index + length, 0);
            return (int)Math.Min(index, value == stop ? length : length + 1);
        }
    }

    private static long Find(Value subject, Arguments arguments, bool isLast)
    {
        Value?[] given = arguments.Bind("find", 1, "sub", "start", "end");
        string part = Convert.Text(given[0]!, "the text to find");
        (string text, int start) = Window(subject, given[1], given[2]);
        if (start < 0) return -1;
        int offset = isLast
            ? text.LastIndexOf(part, StringComparison.Ordinal)
            : text.IndexOf(part, StringComparison.Ordinal);
        return offset < 0 ? -1 : start + PythonString.IndexOf(text, offset);
    }

    private static IntValue Found(long index) =>
        index >= 0 ? new IntValue(index) : throw new ChatTemplateException("substring not found");

    private static IntValue Count(Interpreter context, Value subject, Arguments arguments)
    {
        Value?[] given = arguments.Bind("count", 1, "sub", "start", "end");
        string part = Convert.Text(given[0]!, "the text to count");
        (string text, int start) = Window(subject, given[1], given[2]);
        if (start < 0) return IntValue.Zero;
        if (part.Length == 0) return new IntValue(PythonString.Length(text) + 1);
        return new IntValue(text.AsSpan().Count(part));
    }

    private static BoolValue HasAffix(Interpreter context, Value subject, Arguments arguments, bool isPrefix)
    {
        Value?[] given = arguments.Bind(isPrefix ? "startswith" : "endswith", 1, "affix", "start", "end");
        (string text, int start) = Window(subject, given[1], given[2]);
        IEnumerable<Value> affixes = given[0] is TupleValue tuple ? tuple.Items : [given[0]!];
        foreach (Value candidate in affixes)
        {
            context.Budget.Step();
            string affix = Convert.Text(candidate, "the affix");
            if (start >= 0 && (isPrefix
                ? text.StartsWith(affix, StringComparison.Ordinal)
                : text.EndsWith(affix, StringComparison.Ordinal)))
                return BoolValue.True;
        }

        return BoolValue.False;
    }

    private static TupleValue Partition(Value subject, Arguments arguments, bool isLast)
    {
        string separator = Convert.Text(arguments.Bind("partition", 1, "sep")[0]!, "the separator");
        if (separator.Length == 0) throw new ChatTemplateException("empty separator");
        string text = TextOf(subject);
        int at = isLast
            ? text.LastIndexOf(separator, StringComparison.Ordinal)
            : text.IndexOf(separator, StringComparison.Ordinal);
        (string head, string middle, string tail) = at < 0
            ? (isLast ? "" : text, "", isLast ? text : "")
            : (text[..at], separator, text[(at + separator.Length)..]);
        return new TupleValue(Like(subject, head), Like(subject, middle), Like(subject, tail));
    }

    private static Value Join(Interpreter context, Value subject, Arguments arguments)
    {
        Value items = arguments.Bind("join", 1, "iterable")[0]!;
        TextBuffer text = new(context.Budget);
        bool isMarkup = ((StringValue)subject).IsMarkup;
        int index = 0;
        foreach (Value item in context.Iterate(items))
        {
            if (index++ > 0) text.Append(TextOf(subject));
            if (item is not StringValue part)
                throw new ChatTemplateException($"sequence item {index - 1}: expected text, not {item.TypeName}");
            text.Append(isMarkup ? Html.EscapeUnlessMarkup(part) : part.Text);
        }

        return new StringValue(text.ToString(), isMarkup);
    }

    private static Value Replace(Interpreter context, Value subject, Arguments arguments)
    {
        Value?[] given = arguments.Bind("replace", 2, "old", "new", "count");
        string old = Convert.Text(given[0]!, "the text to replace");
        string replacement = Convert.Text(given[1]!, "the replacement");
        if (subject is StringValue { IsMarkup: true }) replacement = Html.Escape(context, given[1]!);
        long count = given[2] is { } c ? Convert.Integer(c, "count") : -1;
        return Like(subject, ReplaceText(context, TextOf(subject), old, replacement, count));
    }

    /// <summary>Replaces up to <paramref name="count"/> occurrences, all if negative. An empty text occurs around every
    /// code point.</summary>
    public static string ReplaceText(Interpreter context, string text, string old, string replacement, long count)
    {
        TextBuffer replaced = new(context.Budget);
        int position = 0;
        for (long done = 0; done != count; done++)
        {
            context.Budget.Step();
            if (old.Length == 0)
            {
                replaced.Append(replacement);
                if (position >= text.Length) return replaced.ToString();
                int length = PythonString.LengthAt(text, position);
                replaced.Append(text.AsSpan(position, length));
                position += length;
                continue;
            }

            int at = text.IndexOf(old, position, StringComparison.Ordinal);
            if (at < 0) break;
            replaced.Append(text.AsSpan(position, at - position)).Append(replacement);
            position = at + old.Length;
        }

        return replaced.Append(text.AsSpan(position)).ToString();
    }

    private static ListValue Split(Interpreter context, Value subject, Arguments arguments, bool fromRight)
    {
        Value?[] given = arguments.Bind("split", 0, "sep", "maxsplit");
        long limit = given[1] is { } m ? Convert.Integer(m, "maxsplit") : -1;
        string text = TextOf(subject);
        context.Budget.ChargeText(text.Length);
        List<string> parts;
        if (given[0] is null or NoneValue)
        {
            parts = fromRight ? SplitBlanksFromRight(text, limit) : SplitBlanks(text, limit);
        }
        else
        {
            string separator = Convert.Text(given[0]!, "the separator");
            if (separator.Length == 0) throw new ChatTemplateException("empty separator");
            parts = fromRight ? SplitTextFromRight(text, separator, limit) : SplitText(text, separator, limit);
        }

        context.Budget.ChargeItems(parts.Count);
        return new ListValue(parts.ConvertAll(part => (Value)Like(subject, part)));
    }

    private static List<string> SplitText(string text, string separator, long limit)
    {
        List<string> parts = [];
        int position = 0;
        for (; limit != 0; limit--)
        {
            int at = text.IndexOf(separator, position, StringComparison.Ordinal);
            if (at < 0) break;
            parts.Add(text[position..at]);
            position = at + separator.Length;
        }

        parts.Add(text[position..]);
        return parts;
    }

    private static List<string> SplitTextFromRight(string text, string separator, long limit)
    {
        List<string> parts = [];
        int end = text.Length;
        for (; limit != 0; limit--)
        {
            int at = text.AsSpan(0, end).LastIndexOf(separator, StringComparison.Ordinal);
            if (at < 0) break;
            parts.Add(text[(at + separator.Length)..end]);
            end = at;
        }

        parts.Add(text[..end]);
        parts.Reverse();
        return parts;
    }

    private static List<string> SplitBlanks(string text, long limit)
    {
        List<string> parts = [];
        int position = 0;
        while (true)
        {
            while (position < text.Length && PythonString.IsSpace(text[position])) position++;
            if (position == text.Length) return parts;
            int end = position;
            if (parts.Count == limit) end = text.Length;
            while (end < text.Length && !PythonString.IsSpace(text[end])) end++;
            parts.Add(text[position..end]);
            position = end;
        }
    }

    private static List<string> SplitBlanksFromRight(string text, long limit)
    {
        List<string> parts = [];
        int end = text.Length;
        while (true)
        {
            while (end > 0 && PythonString.IsSpace(text[end - 1])) end--;
            if (end == 0) break;
            int start = end;
            if (parts.Count == limit) start = 0;
            while (start > 0 && !PythonString.IsSpace(text[start - 1])) start--;
            parts.Add(text[start..end]);
            end = start;
        }

        parts.Reverse();
        return parts;
    }

    private static ListValue SplitLines(Interpreter context, Value subject, Arguments arguments)
    {
        bool keepEnds = arguments.Bind("splitlines", 0, "keepends")[0]?.IsTrue ?? false;
        List<Value> lines = [];
        context.Budget.ChargeText(TextOf(subject).Length);
        foreach (string line in Lines(TextOf(subject), keepEnds))
        {
            context.Budget.ChargeItems(1);
            lines.Add(Like(subject, line));
        }

        return new ListValue(lines);
    }

    /// <summary>Lines of a text; what follows the last line end is one only if it is not empty.</summary>
    public static IEnumerable<string> Lines(string text, bool keepEnds)
    {
        for (int start = 0; start < text.Length;)
        {
            int end = start;
            while (end < text.Length && !IsLineEnd(text[end])) end++;
            int next = Math.Min(end + 1, text.Length);
            if (next < text.Length && text[end] == '\r' && text[next] == '\n') next++;
            yield return text[start..(keepEnds ? next : end)];
            start = next;
        }
    }

    private static bool IsLineEnd(char c) =>
        c is '\n' or '\r' or '\v' or '\f' or '\x1c' or '\x1d' or '\x1e' or '\x85' or '\u2028' or '\u2029';
}
