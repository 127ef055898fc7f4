namespace Engine.Text.Templates;

/// <summary>Python's <c>format % values</c>.</summary>
internal static class PercentFormat
{
    /// <param name="context">The running interpreter.</param>
    /// <param name="format">The text with its fields.</param>
    /// <param name="values">A tuple, a dict for fields with names, or the only value.</param>
    public static Value Format(Interpreter context, StringValue format, Value values)
    {
        string text = format.Text;
        TextBuffer result = new(context.Budget);
        Value[] positional = values is TupleValue tuple ? tuple.Items : [values];
        int used = 0;
        for (int i = 0; i < text.Length;)
        {
            int next = text.IndexOf('%', i);
            if (next < 0) next = text.Length;
            result.Append(text.AsSpan(i, next - i));
            i = next + 1;
            if (next == text.Length) break;
            context.Budget.Step();
            Value? named = ReadName(context, text, ref i, values);
            FormatSpec spec = ReadSpec(text, ref i, () => Take(positional, ref used));
            if (spec.Type == '%') result.Append('%');
            else result.Append(FormatValue(context, spec, named ?? Take(positional, ref used), format.IsMarkup));
        }

        if (used < positional.Length && values is not (DictValue or ListValue or RangeValue))
            throw new ChatTemplateException("not all arguments converted during string formatting");
        return new StringValue(result.ToString(), format.IsMarkup);
    }

    private static Value Take(Value[] positional, ref int used) => used < positional.Length
        ? positional[used++]
        : throw new ChatTemplateException("not enough arguments for format string");

    private static Value? ReadName(Interpreter context, string text, ref int i, Value values)
    {
        if (i >= text.Length || text[i] != '(') return null;
        int end = text.IndexOf(')', i);
        if (end < 0) throw new ChatTemplateException("incomplete format key");
        string name = text[(i + 1)..end];
        i = end + 1;
        if (values is not DictValue dict) throw new ChatTemplateException("format requires a mapping");
        return dict.Items.TryGetValue(new StringValue(name), out Value? value)
            ? value
            : throw new ChatTemplateException($"the format's key '{name}' is missing");
    }

    private delegate Value TakeNext();

    private static FormatSpec ReadSpec(string text, ref int i, TakeNext take)
    {
        FormatSpec spec = new() { Align = '>' };
        bool isLeft = false;
        bool isZero = false;
        for (; i < text.Length && "-+ #0".Contains(text[i]); i++)
        {
            isLeft |= text[i] == '-';
            isZero |= text[i] == '0';
            spec.IsAlternate |= text[i] == '#';
            if (text[i] == '+' || (text[i] == ' ' && spec.Sign != '+')) spec.Sign = text[i];
        }

        spec.Width = ReadNumber(text, ref i, take) ?? 0;
        if (spec.Width < 0) (isLeft, spec.Width) = (true, -spec.Width);
        if (i < text.Length && text[i] == '.')
        {
            i++;
            spec.Precision = (int)Math.Clamp(ReadNumber(text, ref i, take) ?? 0, 0, int.MaxValue);
        }

        while (i < text.Length && (text[i] is 'h' or 'l' or 'L')) i++;
        if (i >= text.Length) throw new ChatTemplateException("incomplete format");
        spec.Type = text[i++];
        bool isNumber = spec.Type is not ('s' or 'r' or 'a' or 'c');
        if (isLeft) spec.Align = '<';
        else if (isZero && isNumber) (spec.Align, spec.Fill) = ('=', '0');
        return spec;
    }

    private static long? ReadNumber(string text, ref int i, TakeNext take)
    {
        if (i >= text.Length || text[i] != '*') return FormatSpec.ReadNumber(text, ref i);
        i++;
        return Math.Clamp(Convert.Integer(take(), "* of a format"), -int.MaxValue, int.MaxValue);
    }

    private static string FormatValue(Interpreter context, FormatSpec spec, Value value, bool isMarkup)
    {
        switch (spec.Type)
        {
            case 's':
                return spec.FormatText(context, isMarkup ? Html.Escape(context, value) : context.Text(value));
            case 'r' or 'a':
                string shown = Repr(context, value, spec.Type == 'a');
                return spec.FormatText(context, isMarkup ? Html.Escape(shown) : shown);
            case 'c':
                return spec.FormatText(context, Character(value));
            case 'd' or 'i' or 'u':
                return FormatDecimal(context, spec, value);
            case 'x' or 'X' or 'o':
                return spec.FormatInteger(context, Convert.Integer(value, $"the value for %{spec.Type}"));
            case 'e' or 'E' or 'f' or 'F' or 'g' or 'G':
                return spec.FormatFloat(context, Convert.Number(value, $"the value for %{spec.Type}"));
            default:
                throw new ChatTemplateException($"unsupported format character '{spec.Type}'");
        }
    }

    private static string FormatDecimal(Interpreter context, FormatSpec spec, Value value)
    {
        if (value is BigIntValue big) return (spec with { Precision = -1 }).FormatText(context, big.Digits);
        double number = Convert.Number(value, $"the value for %{spec.Type}");
        if (!Operators.TryInteger(value, out long integer))
        {
            if (!(Math.Abs(number) < long.MaxValue))
                throw new ChatTemplateException("the number is out of range for %d");
            integer = (long)number;
        }

        return spec.FormatInteger(context, integer);
    }

    /// <summary><c>repr</c>, or <c>ascii</c>.</summary>
    public static string Repr(Interpreter context, Value value, bool asciiOnly)
    {
        TextBuffer text = new(context.Budget);
        if (asciiOnly && value is StringValue s) PythonText.WriteQuoted(text, s.Text, asciiOnly: true);
        else PythonText.WriteRepr(context, text, value);
        return text.ToString();
    }

    private static string Character(Value value)
    {
        if (value is StringValue { Text: { } text } && PythonString.Length(text) == 1) return text;
        long code = Convert.Integer(value, "the value for %c");
        if (code is < 0 or > 0x10ffff) throw new ChatTemplateException("%c arg not in range(0x110000)");
        return code is >= 0xd800 and <= 0xdfff ? ((char)code).ToString() : char.ConvertFromUtf32((int)code);
    }
}
