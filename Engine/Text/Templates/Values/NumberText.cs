using System.Globalization;

namespace Engine.Text.Templates;

/// <summary>Numbers to text and back as Python has them.</summary>
internal static class NumberText
{
    /// <summary>Python's <c>repr</c> of a float: the shortest digits that read back the same, an exponent below 1e-4
    /// and from 1e16 on.</summary>
    public static string Repr(double number)
    {
        if (double.IsNaN(number)) return "nan";
        if (double.IsInfinity(number)) return number > 0 ? "inf" : "-inf";
        if (number == 0) return double.IsNegative(number) ? "-0.0" : "0.0";
        (bool isNegative, string digits, int point) = Shortest(number);
        string sign = isNegative ? "-" : "";
        int exponent = point - 1;
        if (exponent is < -4 or >= 16)
        {
            string fraction = digits.Length > 1 ? "." + digits[1..] : "";
            return $"{sign}{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }

        if (point <= 0) return $"{sign}0.{new string('0', -point)}{digits}";
        return point >= digits.Length
            ? $"{sign}{digits}{new string('0', point - digits.Length)}.0"
            : $"{sign}{digits[..point]}.{digits[point..]}";
    }

    /// <summary>The shortest digits, and how many of them stand before the decimal point.</summary>
    private static (bool IsNegative, string Digits, int Point) Shortest(double number)
    {
        string text = number.ToString("E16", CultureInfo.InvariantCulture);
        string shortest = number.ToString("R", CultureInfo.InvariantCulture);
        int exponent = int.Parse(text.AsSpan(text.IndexOf('E') + 1), CultureInfo.InvariantCulture);
        int end = shortest.IndexOf('E');
        string mantissa = (end < 0 ? shortest : shortest[..end]).TrimStart('-').Replace(".", "").TrimStart('0');
        string digits = mantissa.TrimEnd('0');

        // 17 digits may round up to the next power of ten where the shortest digits do not.
        if (end >= 0) exponent = int.Parse(shortest.AsSpan(end + 1), CultureInfo.InvariantCulture);
        return (number < 0, digits, exponent + 1);
    }

    /// <summary>A number literal of the template: underscores, and hexadecimal, octal, binary integers.</summary>
    public static Value ParseLiteral(Token token)
    {
        string text = token.Text.Replace("_", "");
        if (token.Kind == TokenKind.Float) return new FloatValue(double.Parse(text, CultureInfo.InvariantCulture));
        int radix = text.Length < 2 ? 10 : text[1] switch
        {
            'x' or 'X' => 16,
            'o' or 'O' => 8,
            'b' or 'B' => 2,
            _ => 10,
        };
        if (!TryParseInteger(radix == 10 ? text : text[2..], radix, out long number))
            throw new ChatTemplateException($"'{text}' is not an integer of 64 bits", token.Line);
        return new IntValue(number);
    }

    /// <summary>Digits without sign in a base up to 36.</summary>
    public static bool TryParseInteger(ReadOnlySpan<char> digits, int radix, out long number)
    {
        number = 0;
        if (digits.Length == 0) return false;
        foreach (char c in digits)
        {
            int digit = char.IsAsciiDigit(c) ? c - '0'
                : char.IsAsciiLetter(c) ? char.ToLowerInvariant(c) - 'a' + 10
                : 99;
            if (digit >= radix || number > (long.MaxValue - digit) / radix) return false;
            number = (number * radix) + digit;
        }

        return true;
    }

    /// <summary>A fixed number of decimals; halves go to the even digit, as in Python.</summary>
    public static string Fixed(double number, int decimals)
    {
        string text = number.ToString($"F{decimals}", CultureInfo.InvariantCulture);
        double scaled = Math.ScaleB(number, decimals + 1);

        // A tie needs exactly one more binary than decimal place; .NET rounds it away from zero.
        bool isTie = Math.Abs(number) < 1e15 && scaled == Math.Floor(scaled)
            && scaled / 2 != Math.Floor(scaled / 2);
        if (!isTie) return text;
        string exact = number.ToString($"F{decimals + 1}", CultureInfo.InvariantCulture)[..^1].TrimEnd('.');
        return (exact[^1] - '0') % 2 == 0 ? exact : text;
    }

    /// <summary>One digit, decimals, and an exponent of at least two digits, as C's <c>%e</c>.</summary>
    public static string Exponent(double number, int decimals)
    {
        string text = number.ToString($"e{decimals}", CultureInfo.InvariantCulture);
        int mark = text.IndexOf('e');
        string digits = text[(mark + 2)..].TrimStart('0').PadLeft(2, '0');
        return text[..(mark + 2)] + digits;
    }

    /// <summary>A number of significant digits, as C's <c>%g</c>.</summary>
    public static string General(double number, int digits, bool keepsZeros)
    {
        digits = Math.Max(digits, 1);
        string scientific = Exponent(number, digits - 1);
        int mark = scientific.IndexOf('e');
        int exponent = int.Parse(scientific.AsSpan(mark + 1), CultureInfo.InvariantCulture);
        bool isFixed = exponent >= -4 && exponent < digits;
        string mantissa = isFixed ? Fixed(number, digits - 1 - exponent) : scientific[..mark];
        if (!keepsZeros && mantissa.Contains('.')) mantissa = mantissa.TrimEnd('0').TrimEnd('.');
        return isFixed ? mantissa : mantissa + scientific[mark..];
    }
}
