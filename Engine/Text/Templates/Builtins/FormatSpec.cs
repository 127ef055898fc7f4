using System.Globalization;

namespace Engine.Text.Templates;

/// <summary>How one value is written: fields of <c>%</c> formats and of <c>format</c>.</summary>
internal struct FormatSpec
{
    public char Fill = ' ';

    /// <summary><c>&lt;</c>, <c>&gt;</c>, <c>^</c>, <c>=</c>, or 0 for what the type prefers.</summary>
    public char Align;

    /// <summary><c>-</c>, <c>+</c> or blank.</summary>
    public char Sign = '-';

    public bool IsAlternate;

    public long Width;

    /// <summary><c>,</c> or <c>_</c> between groups of digits, or 0.</summary>
    public char Grouping;

    /// <summary>Digits after the point, or longest text; −1 if not given.</summary>
    public int Precision = -1;

    public char Type;

    public FormatSpec()
    {
    }

    /// <summary>Digits beyond this are all zeros for a double.</summary>
    public const int MaxPrecision = 400;

    /// <summary>Reads <c>[[fill]align][sign][#][0][width][,][.precision][type]</c>.</summary>
    public static FormatSpec Parse(string text)
    {
        FormatSpec spec = new();
        int i = 0;
        if (text.Length > 1 && IsAlign(text[1])) (spec.Fill, spec.Align, i) = (text[0], text[1], 2);
        else if (text.Length > 0 && IsAlign(text[0])) (spec.Align, i) = (text[0], 1);
        if (i < text.Length && (text[i] is '+' or '-' or ' ')) spec.Sign = text[i++];
        if (i < text.Length && text[i] == '#')
        {
            spec.IsAlternate = true;
            i++;
        }

        if (i < text.Length && text[i] == '0' && spec.Align == 0)
        {
            (spec.Fill, spec.Align) = ('0', '=');
            i++;
        }

        spec.Width = ReadNumber(text, ref i) ?? 0;
        if (i < text.Length && (text[i] is ',' or '_')) spec.Grouping = text[i++];
        if (i < text.Length && text[i] == '.')
        {
            i++;
            spec.Precision = (int)(ReadNumber(text, ref i)
                ?? throw new ChatTemplateException("the format lacks digits after the point"));
        }

        if (i < text.Length) spec.Type = text[i++];
        if (i < text.Length) throw new ChatTemplateException($"invalid format specifier '{text}'");
        return spec;
    }

    private static bool IsAlign(char c) => c is '<' or '>' or '^' or '=';

    /// <summary>Reads digits, if there are any.</summary>
    public static long? ReadNumber(string text, ref int index)
    {
        int start = index;
        long number = 0;
        while (index < text.Length && char.IsAsciiDigit(text[index]))
            number = Math.Min((number * 10) + text[index++] - '0', int.MaxValue);
        return index > start ? number : null;
    }

    /// <summary>Writes text: cut to the precision, padded to the width.</summary>
    public readonly string FormatText(Interpreter context, string text)
    {
        if (Precision >= 0 && PythonString.Length(text) > Precision)
            text = text[..PythonString.OffsetOf(text, Precision)];
        return Align switch
        {
            '>' => Padding.Right(context, text, Width, Fill),
            '^' => CenterLeft(context, text),
            '=' => throw new ChatTemplateException("'=' alignment is not allowed for text"),
            _ => Padding.Left(context, text, Width, Fill),
        };
    }

    /// <summary>Unlike <c>str.center</c>, an odd space always goes right.</summary>
    private readonly string CenterLeft(Interpreter context, string text)
    {
        long missing = Math.Max(Width - PythonString.Length(text), 0);
        string left = Padding.Right(context, text, Width - missing + (missing / 2), Fill);
        return Padding.Left(context, left, Width, Fill);
    }

    /// <summary>Writes an integer in the base of its type.</summary>
    public readonly string FormatInteger(Interpreter context, long number)
    {
        ulong magnitude = number < 0 ? (ulong)-(number + 1) + 1 : (ulong)number;
        (string digits, string prefix) = Type switch
        {
            'x' => (magnitude.ToString("x", CultureInfo.InvariantCulture), "0x"),
            'X' => (magnitude.ToString("X", CultureInfo.InvariantCulture), "0X"),
            'o' => (InBase(magnitude, 8), "0o"),
            'b' => (InBase(magnitude, 2), "0b"),
            _ => (magnitude.ToString(CultureInfo.InvariantCulture), ""),
        };
        return Finish(context, number < 0, IsAlternate ? prefix : "", digits, "", prefix.Length > 0 ? 4 : 3);
    }

    private static string InBase(ulong number, uint radix)
    {
        string digits = "";
        do
        {
            digits = (char)('0' + (number % radix)) + digits;
            number /= radix;
        }
        while (number > 0);
        return digits;
    }

    /// <summary>Writes a float; types <c>e f g %</c> and their capitals, or Python's own form without a type.</summary>
    public readonly string FormatFloat(Interpreter context, double number)
    {
        bool isNegative = double.IsNegative(number) && !double.IsNaN(number);
        double magnitude = Math.Abs(number);
        int precision = Math.Min(Precision < 0 ? 6 : Precision, MaxPrecision);
        string text;
        if (!double.IsFinite(number)) text = NumberText.Repr(magnitude);
        else if (Type is 'e' or 'E') text = NumberText.Exponent(magnitude, precision);
        else if (Type is 'f' or 'F') text = NumberText.Fixed(magnitude, precision);
        else if (Type == '%') text = NumberText.Fixed(magnitude * 100, precision);
        else if (Type is 'g' or 'G' or 'n') text = NumberText.General(magnitude, precision, IsAlternate);
        else if (Precision >= 0) text = WithPoint(NumberText.General(magnitude, precision, false));
        else text = NumberText.Repr(magnitude);
        if (char.IsAsciiLetterUpper(Type)) text = text.ToUpperInvariant();
        int point = text.AsSpan().IndexOfAny('.', 'e', 'E');
        if (point < 0 || !double.IsFinite(number)) point = text.Length;
        string tail = text[point..] + (Type == '%' ? "%" : "");
        return Finish(context, isNegative, "", text[..point], tail, 3);
    }

    private static string WithPoint(string text) => text.Contains('.') || text.Contains('e') ? text : text + ".0";

    private readonly string Finish(
        Interpreter context, bool isNegative, string prefix, string digits, string tail, int group)
    {
        string sign = isNegative ? "-" : Sign == '-' ? "" : Sign.ToString();
        string head = sign + prefix;
        if (Grouping != 0)
        {
            if (Align == '=' && Fill == '0')
            {
                context.Budget.ChargeText(Width);
                while (head.Length + Grouped(digits, group).Length + tail.Length < Width) digits = "0" + digits;
            }

            digits = Grouped(digits, group);
        }

        string body = digits + tail;
        return Align switch
        {
            '=' => head + Padding.Right(context, body, Width - head.Length, Fill),
            '<' => Padding.Left(context, head + body, Width, Fill),
            '^' => CenterLeft(context, head + body),
            _ => Padding.Right(context, head + body, Width, Fill),
        };
    }

    private readonly string Grouped(string digits, int group)
    {
        for (int i = digits.Length - group; i > 0; i -= group) digits = digits.Insert(i, Grouping.ToString());
        return digits;
    }
}
