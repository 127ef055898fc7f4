namespace Engine.Text.Templates;

/// <summary>Python's methods of <c>str</c>. Results keep the mark of <c>safe</c> where markupsafe keeps it.</summary>
internal static partial class StringMethods
{
    /// <summary>The method, or null if strings have none of that name.</summary>
    public static Builtin? Find(string name) => name switch
    {
        "capitalize" => static (c, s, a) => Map(c, s, a, PythonString.Capitalize),
        "casefold" => static (c, s, a) => Map(c, s, a, CaseFold),
        "center" => static (c, s, a) => Pad(c, s, a, Padding.Center),
        "count" => Count,
        "encode" => static (_, _, _) => throw new ChatTemplateException("str.encode is not supported"),
        "endswith" => static (c, s, a) => HasAffix(c, s, a, isPrefix: false),
        "expandtabs" => ExpandTabs,
        "find" => static (_, s, a) => new IntValue(Find(s, a, isLast: false)),
        "format" => BraceFormat.Format,
        "format_map" => BraceFormat.FormatMap,
        "index" => static (_, s, a) => Found(Find(s, a, isLast: false)),
        "isalnum" => static (_, s, a) => All(s, a, IsAlphanumeric),
        "isalpha" => static (_, s, a) => All(s, a, char.IsLetter),
        "isascii" => static (_, s, a) => BoolValue.Of(Plain(s, a).Length == 0 || All(s, a, char.IsAscii).IsTrue),
        "isdecimal" => static (_, s, a) => All(s, a, char.IsDigit),
        "isdigit" => static (_, s, a) => All(s, a, c => char.IsDigit(c) || c is '²' or '³' or '¹'),
        "isidentifier" => static (_, s, a) => BoolValue.Of(Plain(s, a) is { Length: > 0 } t && !char.IsDigit(t[0])
            && All(s, a, c => c == '_' || char.IsLetterOrDigit(c)).IsTrue),
        "islower" => static (_, s, a) => BoolValue.Of(HasCase(Plain(s, a), isUpper: false)),
        "isnumeric" => static (_, s, a) => All(s, a, char.IsNumber),
        "isprintable" => static (_, s, a) => BoolValue.Of(Plain(s, a).Length == 0
            || All(s, a, c => PythonString.IsPrintable(c)).IsTrue),
        "isspace" => static (_, s, a) => All(s, a, PythonString.IsSpace),
        "istitle" => static (_, s, a) => BoolValue.Of(IsTitle(Plain(s, a))),
        "isupper" => static (_, s, a) => BoolValue.Of(HasCase(Plain(s, a), isUpper: true)),
        "join" => Join,
        "ljust" => static (c, s, a) => Pad(c, s, a, Padding.Left),
        "lower" => static (c, s, a) => Map(c, s, a, PythonString.Lower),
        "lstrip" => static (_, s, a) => Strip(s, a, left: true, right: false),
        "maketrans" => static (_, _, _) => throw new ChatTemplateException("str.maketrans is not supported"),
        "partition" => static (_, s, a) => Partition(s, a, isLast: false),
        "removeprefix" => static (_, s, a) => RemoveAffix(s, a, isPrefix: true),
        "removesuffix" => static (_, s, a) => RemoveAffix(s, a, isPrefix: false),
        "replace" => Replace,
        "rfind" => static (_, s, a) => new IntValue(Find(s, a, isLast: true)),
        "rindex" => static (_, s, a) => Found(Find(s, a, isLast: true)),
        "rjust" => static (c, s, a) => Pad(c, s, a, Padding.Right),
        "rpartition" => static (_, s, a) => Partition(s, a, isLast: true),
        "rsplit" => static (c, s, a) => Split(c, s, a, fromRight: true),
        "rstrip" => static (_, s, a) => Strip(s, a, left: false, right: true),
        "split" => static (c, s, a) => Split(c, s, a, fromRight: false),
        "splitlines" => SplitLines,
        "startswith" => static (c, s, a) => HasAffix(c, s, a, isPrefix: true),
        "strip" => static (_, s, a) => Strip(s, a, left: true, right: true),
        "swapcase" => static (c, s, a) => Map(c, s, a, SwapCase),
        "title" => static (c, s, a) => Map(c, s, a, PythonString.Title),
        "translate" => static (_, _, _) => throw new ChatTemplateException("str.translate is not supported"),
        "upper" => static (c, s, a) => Map(c, s, a, PythonString.Upper),
        "zfill" => ZeroFill,
        _ => null,
    };

    private static string TextOf(Value subject) => ((StringValue)subject).Text;

    private static StringValue Like(Value subject, string text) => new(text, ((StringValue)subject).IsMarkup);

    /// <summary>The text of a method that takes no arguments.</summary>
    private static string Plain(Value subject, Arguments arguments)
    {
        arguments.Bind("the method", 0);
        return TextOf(subject);
    }

    private static StringValue Map(Interpreter context, Value subject, Arguments arguments, Func<string, string> map)
    {
        string text = Plain(subject, arguments);
        context.Budget.ChargeText(text.Length);
        return Like(subject, map(text));
    }

    private static BoolValue All(Value subject, Arguments arguments, Func<char, bool> holds)
    {
        string text = Plain(subject, arguments);
        foreach (char c in text)
        {
            if (!holds(c)) return BoolValue.False;
        }

        return BoolValue.Of(text.Length > 0);
    }

    private static bool IsAlphanumeric(char c) => char.IsLetterOrDigit(c) || char.IsNumber(c);

    private static bool HasLetters(string text) => HasCase(text, true) || HasCase(text, false)
        || PythonString.Lower(text) != PythonString.Upper(text);

    /// <summary><c>isupper</c>, <c>islower</c>: some cased letter, and none of the other case.</summary>
    public static bool HasCase(string text, bool isUpper)
    {
        bool hasCased = false;
        foreach (char c in text)
        {
            if (isUpper ? char.IsLower(c) : char.IsUpper(c)) return false;
            hasCased |= isUpper ? char.IsUpper(c) : char.IsLower(c);
        }

        return hasCased;
    }

    private static bool IsTitle(string text) => HasLetters(text) && PythonString.Title(text) == text;

    private static string CaseFold(string text) => PythonString.Lower(text).Replace("ß", "ss").Replace('ς', 'σ');

    private static string SwapCase(string text)
    {
        System.Text.StringBuilder swapped = new(text.Length);
        foreach (char c in text)
        {
            if (char.IsUpper(c)) swapped.Append(PythonString.Lower(c.ToString()));
            else if (char.IsLower(c)) swapped.Append(PythonString.Upper(c.ToString()));
            else swapped.Append(c);
        }

        return swapped.ToString();
    }

    private static StringValue Pad(
        Interpreter context, Value subject, Arguments arguments, Func<Interpreter, string, long, char, string> pad)
    {
        Value?[] given = arguments.Bind("the method", 1, "width", "fillchar");
        string fill = given[1] is { } f ? Convert.Text(f, "fillchar") : " ";
        if (fill.Length != 1) throw new ChatTemplateException("the fill character must be exactly one character long");
        return Like(subject, pad(context, TextOf(subject), Convert.Integer(given[0]!, "width"), fill[0]));
    }

    private static Value ZeroFill(Interpreter context, Value subject, Arguments arguments)
    {
        long width = Convert.Integer(arguments.Bind("zfill", 1, "width")[0]!, "width");
        string text = TextOf(subject);
        string sign = text.Length > 0 && (text[0] is '+' or '-') ? text[..1] : "";
        return Like(subject, sign + Padding.Right(context, text[sign.Length..], width - sign.Length, '0'));
    }

    private static Value ExpandTabs(Interpreter context, Value subject, Arguments arguments)
    {
        long size = arguments.Bind("expandtabs", 0, "tabsize")[0] is { } s ? Convert.Integer(s, "tabsize") : 8;
        TextBuffer text = new(context.Budget);
        int column = 0;
        foreach (char c in TextOf(subject))
        {
            if (c == '\t')
            {
                int stop = (int)Math.Clamp(size, 0, int.MaxValue);
                int count = stop > 0 ? stop - (column % stop) : 0;
                text.Append(' ', count);
                column += count;
                continue;
            }

            text.Append(c);
            column = c is '\n' or '\r' ? 0 : column + 1;
        }

        return Like(subject, text.ToString());
    }

    private static StringValue Strip(Value subject, Arguments arguments, bool left, bool right)
    {
        Value? characters = arguments.Bind("strip", 0, "chars")[0];
        string? set = characters is null or NoneValue ? null : Convert.Text(characters, "the argument of strip");
        return Like(subject, PythonString.Strip(TextOf(subject), set, left, right));
    }

    private static StringValue RemoveAffix(Value subject, Arguments arguments, bool isPrefix)
    {
        string affix = Convert.Text(arguments.Bind("the method", 1, "affix")[0]!, "the affix");
        string text = TextOf(subject);
        if (isPrefix && text.StartsWith(affix, StringComparison.Ordinal)) return Like(subject, text[affix.Length..]);
        return !isPrefix && affix.Length > 0 && text.EndsWith(affix, StringComparison.Ordinal)
            ? Like(subject, text[..^affix.Length])
            : Like(subject, text);
    }
}
