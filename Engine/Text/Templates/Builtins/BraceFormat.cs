namespace Engine.Text.Templates;

/// <summary>Python's <c>str.format</c>; attributes and items go through the sandbox.</summary>
internal static class BraceFormat
{
    private const int MaxNesting = 2;

    public static Value Format(Interpreter context, Value subject, Arguments arguments) =>
        new Run(context, arguments.Positional, Convert.ToDict(arguments.Named), (StringValue)subject).Value();

    public static Value FormatMap(Interpreter context, Value subject, Arguments arguments)
    {
        if (arguments.Bind("format_map", 1, "mapping")[0] is not DictValue names)
            throw new ChatTemplateException("format_map() takes a dict");
        return new Run(context, [], names, (StringValue)subject).Value();
    }

    private sealed class Run(Interpreter context, Value[] positional, DictValue named, StringValue format)
    {
        private int _next;

        public StringValue Value() => new(Expand(format.Text, 0), format.IsMarkup);

        private string Expand(string text, int nesting)
        {
            if (nesting > MaxNesting) throw new ChatTemplateException("max string recursion exceeded");
            TextBuffer result = new(context.Budget);
            for (int i = 0; i < text.Length;)
            {
                context.Budget.Step();
                char c = text[i];
                if (c is not ('{' or '}'))
                {
                    int end = text.AsSpan(i).IndexOfAny('{', '}');
                    end = end < 0 ? text.Length : i + end;
                    result.Append(text.AsSpan(i, end - i));
                    i = end;
                }
                else if (i + 1 < text.Length && text[i + 1] == c)
                {
                    result.Append(c);
                    i += 2;
                }
                else if (c == '}')
                {
                    throw new ChatTemplateException("single '}' encountered in format string");
                }
                else
                {
                    int end = FindClose(text, i);
                    result.Append(Field(text[(i + 1)..end], nesting));
                    i = end + 1;
                }
            }

            return result.ToString();
        }

        private static int FindClose(string text, int open)
        {
            int depth = 0;
            for (int i = open; i < text.Length; i++)
            {
                if (text[i] == '{') depth++;
                else if (text[i] == '}' && --depth == 0) return i;
            }

            throw new ChatTemplateException("expected '}' before end of string");
        }

        /// <summary>Writes <c>name!conversion:spec</c>.</summary>
        private string Field(string field, int nesting)
        {
            int colon = field.AsSpan().IndexOfAny(':', '!');
            string path = colon < 0 ? field : field[..colon];
            Value value = Resolve(path);
            string rest = colon < 0 ? "" : field[colon..];
            if (rest.StartsWith('!'))
            {
                if (rest.Length < 2 || (rest.Length > 2 && rest[2] != ':'))
                    throw new ChatTemplateException("expected ':' after conversion specifier");
                value = rest[1] switch
                {
                    's' => new StringValue(context.Text(value)),
                    'r' => new StringValue(PercentFormat.Repr(context, value, asciiOnly: false)),
                    'a' => new StringValue(PercentFormat.Repr(context, value, asciiOnly: true)),
                    _ => throw new ChatTemplateException($"unknown conversion specifier '{rest[1]}'"),
                };
                rest = rest[2..];
            }

            return FormatValue(value, rest.Length > 1 ? Expand(rest[1..], nesting + 1) : "");
        }

        private Value Resolve(string path)
        {
            int end = path.AsSpan().IndexOfAny('.', '[');
            string name = end < 0 ? path : path[..end];
            Value value = name.Length == 0
                ? Positional(_next++)
                : long.TryParse(name, out long index)
                    ? Positional(index)
                    : named.Items.TryGetValue(new StringValue(name), out Value? found)
                        ? found
                        : throw new ChatTemplateException($"the format's name '{name}' is missing");
            for (int i = name.Length; i < path.Length;)
            {
                bool isItem = path[i] == '[';
                int stop = isItem ? path.IndexOf(']', i) : path.AsSpan(i + 1).IndexOfAny('.', '[') + i + 1;
                if (isItem && stop < 0) throw new ChatTemplateException("missing ']' in format string");
                if (!isItem && stop == i) stop = path.Length;
                StringValue key = new(path[(i + 1)..stop]);
                Value item = long.TryParse(key.Text, out long number) ? new IntValue(number) : key;
                value = isItem
                    ? Attributes.GetItem(context, value, item)
                    : Attributes.GetAttribute(context, value, key);
                i = isItem ? stop + 1 : stop;
            }

            return value;
        }

        private Value Positional(long index) => index >= 0 && index < positional.Length
            ? positional[index]
            : throw new ChatTemplateException("replacement index out of range for positional args");

        private string FormatValue(Value value, string text)
        {
            if (text.Length == 0)
                return format.IsMarkup ? Html.Escape(context, value) : context.Text(value);
            FormatSpec spec = FormatSpec.Parse(text);
            if (value is StringValue s && (spec.Type is '\0' or 's'))
                return spec.FormatText(context, format.IsMarkup ? Html.EscapeUnlessMarkup(s) : s.Text);
            bool isFloatType = spec.Type is 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or '%' or 'n';
            if (value is FloatValue real && (isFloatType || spec.Type == '\0'))
                return spec.FormatFloat(context, real.Number);
            if (Operators.TryInteger(value, out long number))
            {
                if (isFloatType) return spec.FormatFloat(context, number);
                if (spec.Type is '\0' or 'd' or 'x' or 'X' or 'o' or 'b') return spec.FormatInteger(context, number);
            }

            throw new ChatTemplateException($"unsupported format '{text}' for {value.TypeName}");
        }
    }
}
