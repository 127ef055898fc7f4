using System.Text;

namespace Engine.Text.Templates;

/// <summary>Filters whose input is taken as text.</summary>
internal static class StringFilters
{
    /// <summary>Text that keeps its mark of <c>safe</c>.</summary>
    private static StringValue Soft(Interpreter context, Value value) =>
        value as StringValue ?? new StringValue(context.Text(value));

    private static StringValue Map(Interpreter context, Value input, Func<string, string> map)
    {
        StringValue text = Soft(context, input);
        context.Budget.ChargeText(text.Text.Length);
        return new StringValue(map(text.Text), text.IsMarkup);
    }

    public static Value String(Interpreter context, Value input, Arguments arguments)
    {
        arguments.Bind("string", 0);
        return Soft(context, input);
    }

    public static Value Upper(Interpreter context, Value input, Arguments arguments)
    {
        arguments.Bind("upper", 0);
        return Map(context, input, PythonString.Upper);
    }

    public static Value Lower(Interpreter context, Value input, Arguments arguments)
    {
        arguments.Bind("lower", 0);
        return Map(context, input, PythonString.Lower);
    }

    public static Value Capitalize(Interpreter context, Value input, Arguments arguments)
    {
        arguments.Bind("capitalize", 0);
        return Map(context, input, PythonString.Capitalize);
    }

    /// <summary>Words begin after whitespace, hyphens and opening brackets, not after apostrophes.</summary>
    public static Value Title(Interpreter context, Value input, Arguments arguments)
    {
        arguments.Bind("title", 0);
        return Map(context, input, static text =>
        {
            StringBuilder title = new(text.Length);
            for (int start = 0; start < text.Length;)
            {
                bool isSeparator = IsWordSeparator(text[start]);
                int end = start + 1;
                while (end < text.Length && IsWordSeparator(text[end]) == isSeparator) end++;
                int first = PythonString.LengthAt(text, start);
                title.Append(PythonString.Upper(text.Substring(start, first)));
                title.Append(PythonString.Lower(text[(start + first)..end]));
                start = end;
            }

            return title.ToString();
        });
    }

    private static bool IsWordSeparator(char c) => c is '-' or '(' or '{' or '[' or '<' || PythonString.IsSpace(c);

    public static Value Trim(Interpreter context, Value input, Arguments arguments)
    {
        Value? characters = arguments.Bind("trim", 0, "chars")[0];
        if (characters is not (null or NoneValue or StringValue))
            throw new ChatTemplateException("trim() takes characters as text");
        return Map(context, input, text => PythonString.Strip(text, (characters as StringValue)?.Text, true, true));
    }

    public static Value Center(Interpreter context, Value input, Arguments arguments)
    {
        long width = arguments.Bind("center", 0, "width")[0] is { } given ? Convert.Integer(given, "width") : 80;
        StringValue text = Soft(context, input);
        return new StringValue(Padding.Center(context, text.Text, width, ' '), text.IsMarkup);
    }

    public static Value Replace(Interpreter context, Value input, Arguments arguments)
    {
        Value?[] given = arguments.Bind("replace", 2, "s", "new", "count");
        long count = given[2] is null or NoneValue ? -1 : Convert.Integer(given[2]!, "count");
        string old = context.Text(given[0]!);
        string replacement = context.Text(given[1]!);
        return new StringValue(StringMethods.ReplaceText(context, context.Text(input), old, replacement, count));
    }

    public static Value Format(Interpreter context, Value input, Arguments arguments)
    {
        if (arguments.Named.Length > 0 && arguments.Positional.Length > 0)
            throw new ChatTemplateException("format() takes positional or named arguments, not both");
        if (arguments.Named.Length == 0)
            return PercentFormat.Format(context, Soft(context, input), new TupleValue(arguments.Positional));
        return PercentFormat.Format(context, Soft(context, input), Convert.ToDict(arguments.Named));
    }

    public static Value FromJson(Interpreter context, Value input, Arguments arguments)
    {
        arguments.Bind("from_json", 0);
        string text = Convert.Text(input, "the input of from_json");
        context.Budget.Step(text.Length);
        return JsonReader.Parse(text);
    }

    public static Value ToJson(Interpreter context, Value input, Arguments arguments)
    {
        Value?[] given = arguments.Bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
        string? indent = given[1] switch
        {
            null or NoneValue => null,
            StringValue unit => unit.Text,
            { } width => new string(' ', (int)Math.Clamp(Convert.Integer(width, "indent"), 0, 1000)),
        };
        string itemSeparator = indent is null ? ", " : ",";
        string keySeparator = ": ";
        if (given[2] is { } separators and not NoneValue)
        {
            List<Value> pair = [.. context.Iterate(separators)];
            if (pair.Count != 2) throw new ChatTemplateException("separators must be a pair of texts");
            itemSeparator = Convert.Text(pair[0], "a separator");
            keySeparator = Convert.Text(pair[1], "a separator");
        }

        JsonWriter writer = new(context)
        {
            AsciiOnly = given[0]?.IsTrue ?? false,
            SortKeys = given[3]?.IsTrue ?? false,
            Indent = indent,
            ItemSeparator = itemSeparator,
            KeySeparator = keySeparator,
        };
        return new StringValue(writer.Write(input));
    }

    public static Value Indent(Interpreter context, Value input, Arguments arguments)
    {
        Value?[] given = arguments.Bind("indent", 0, "width", "first", "blank");
        if (input is not StringValue text)
            throw new ChatTemplateException($"indent() takes text, not {input.TypeName}");
        string unit = given[0] switch
        {
            null => "    ",
            StringValue s => s.Text,
            { } width => Padding.Spaces(context, Convert.Integer(width, "width")),
        };
        bool first = given[1]?.IsTrue ?? false;
        bool blank = given[2]?.IsTrue ?? false;
        TextBuffer indented = new(context.Budget);
        bool isFirst = true;
        foreach (string line in StringMethods.Lines(text.Text + "\n", keepEnds: false))
        {
            context.Budget.Step();
            if (!isFirst) indented.Append('\n');
            if (isFirst ? first : blank || line.Length > 0) indented.Append(unit);
            indented.Append(line);
            isFirst = false;
        }

        return new StringValue(indented.ToString(), text.IsMarkup);
    }

    public static Value Truncate(Interpreter context, Value input, Arguments arguments)
    {
        Value?[] given = arguments.Bind("truncate", 0, "length", "killwords", "end", "leeway");
        int length = (int)Math.Clamp(given[0] is { } l ? Convert.Integer(l, "length") : 255, -1, int.MaxValue / 2);
        string end = given[2] is { } e ? Convert.Text(e, "end") : "...";
        long leeway = given[3] is null or NoneValue ? 5 : Convert.Integer(given[3]!, "leeway");
        int endLength = PythonString.Length(end);
        if (length < endLength) throw new ChatTemplateException($"truncate() needs a length of at least {endLength}");
        if (leeway < 0) throw new ChatTemplateException("truncate() needs a leeway of at least 0");
        if (SequenceFilters.LengthOf(input) <= length + leeway) return input;
        string text = Convert.Text(input, "the input of truncate");
        string cut = text[..PythonString.OffsetOf(text, length - endLength)];
        int space = cut.LastIndexOf(' ');
        if (given[1]?.IsTrue != true && space >= 0) cut = cut[..space];
        context.Budget.ChargeText(cut.Length + end.Length);
        return new StringValue(cut + end);
    }

    public static Value WordCount(Interpreter context, Value input, Arguments arguments)
    {
        arguments.Bind("wordcount", 0);
        int count = 0;
        bool inWord = false;
        foreach (char c in context.Text(input))
        {
            bool isWord = c == '_' || char.IsLetterOrDigit(c) || char.IsSurrogate(c);
            if (isWord && !inWord) count++;
            inWord = isWord;
        }

        return new IntValue(count);
    }

    public static Value PrettyPrint(Interpreter context, Value input, Arguments arguments)
    {
        arguments.Bind("pprint", 0);
        TextBuffer text = new(context.Budget);
        PythonText.WriteRepr(context, text, input);
        return new StringValue(text.ToString());
    }
}
