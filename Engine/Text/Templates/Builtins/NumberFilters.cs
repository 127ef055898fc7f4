using System.Globalization;

namespace Engine.Text.Templates;

/// <summary>Filters about numbers.</summary>
internal static class NumberFilters
{
    public static Value Abs(Interpreter context, Value input, Arguments arguments)
    {
        arguments.Bind("abs", 0);
        if (input is FloatValue real) return new FloatValue(Math.Abs(real.Number));
        long number = Convert.Integer(input, "the input of abs");
        return number < 0 ? Operators.ApplySign(input, isNegative: true) : new IntValue(number);
    }

    public static Value Int(Interpreter context, Value input, Arguments arguments)
    {
        Value?[] given = arguments.Bind("int", 0, "default", "base");
        if (input is UndefinedValue undefined) throw Interpreter.Undefined(undefined);
        Value otherwise = given[0] ?? IntValue.Zero;
        if (input is StringValue text)
        {
            int radix = given[1] is { } b ? (int)Math.Clamp(Convert.Integer(b, "base"), -1, 37) : 10;
            return ParseInteger(text.Text, radix) ?? (TryParseFloat(text.Text, out double parsed)
                ? Truncate(parsed) ?? otherwise
                : otherwise);
        }

        if (input is BigIntValue) return input;
        if (Operators.TryInteger(input, out long number)) return new IntValue(number);
        return input is FloatValue real ? Truncate(real.Number) ?? otherwise : otherwise;
    }

    private static IntValue? Truncate(double number) =>
        Math.Abs(number) < long.MaxValue ? new IntValue((long)number) : null;

    /// <summary>Python's <c>int(text, radix)</c>; null if it is not one.</summary>
    private static IntValue? ParseInteger(string text, int radix)
    {
        string digits = PythonString.Strip(text, null, true, true);
        bool isNegative = digits.StartsWith('-');
        if (isNegative || digits.StartsWith('+')) digits = digits[1..];
        if (digits.Length > 2 && digits[0] == '0')
        {
            int prefix = char.ToLowerInvariant(digits[1]) switch
            {
                'x' => 16,
                'o' => 8,
                'b' => 2,
                _ => 0,
            };
            if (prefix != 0 && (radix == prefix || radix == 0)) (digits, radix) = (digits[2..], prefix);
        }

        if (radix == 0) radix = 10;
        if (radix is < 2 or > 36) return null;
        if (digits.StartsWith('_') || digits.EndsWith('_') || digits.Contains("__")) return null;
        if (!NumberText.TryParseInteger(digits.Replace("_", ""), radix, out long number)) return null;
        return new IntValue(isNegative ? -number : number);
    }

    private static bool TryParseFloat(string text, out double number)
    {
        string digits = PythonString.Strip(text, null, true, true);
        switch (digits.TrimStart('+', '-').ToLowerInvariant())
        {
            case "inf" or "infinity":
                number = digits.StartsWith('-') ? double.NegativeInfinity : double.PositiveInfinity;
                return true;
            case "nan":
                number = double.NaN;
                return true;
        }

        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint
            | NumberStyles.AllowExponent;
        number = 0;
        return !digits.AsSpan().ContainsAnyExcept("0123456789+-.eE")
            && double.TryParse(digits, Style, CultureInfo.InvariantCulture, out number);
    }

    public static Value Float(Interpreter context, Value input, Arguments arguments)
    {
        Value otherwise = arguments.Bind("float", 0, "default")[0] ?? new FloatValue(0);
        if (input is UndefinedValue undefined) throw Interpreter.Undefined(undefined);
        if (Operators.TryNumber(input, out double number)) return new FloatValue(number);
        return input is StringValue text && TryParseFloat(text.Text, out number) ? new FloatValue(number) : otherwise;
    }

    public static Value Round(Interpreter context, Value input, Arguments arguments)
    {
        Value?[] given = arguments.Bind("round", 0, "precision", "method");
        int precision = given[0] is { } p ? (int)Math.Clamp(Convert.Integer(p, "precision"), -400, 400) : 0;
        string method = given[1] is { } m ? Convert.Text(m, "method") : "common";
        double number = Convert.Number(input, "the input of round");
        double scale = Math.Pow(10, precision);
        switch (method)
        {
            case "ceil": return new FloatValue(Math.Ceiling(number * scale) / scale);
            case "floor": return new FloatValue(Math.Floor(number * scale) / scale);
            case "common": break;
            default: throw new ChatTemplateException("method must be common, ceil or floor");
        }

        if (input is not FloatValue && precision >= 0) return input is BoolValue ? new IntValue((long)number) : input;
        double rounded = precision >= 0 && double.IsFinite(number)
            ? double.Parse(NumberText.Fixed(number, precision), CultureInfo.InvariantCulture)
            : Math.Round(number * scale, MidpointRounding.ToEven) / scale;
        return input is FloatValue ? new FloatValue(rounded) : new IntValue((long)rounded);
    }

    public static Value Sum(Interpreter context, Value input, Arguments arguments)
    {
        Value?[] given = arguments.Bind("sum", 0, "attribute", "start");
        Value sum = given[1] ?? IntValue.Zero;
        if (sum is StringValue) throw new ChatTemplateException("sum() cannot add up texts, use join");
        foreach (Value item in context.Iterate(input))
            sum = Operators.Apply(context, Operator.Add, sum, Convert.GetPath(context, item, given[0]));
        return sum;
    }

    public static Value FileSizeFormat(Interpreter context, Value input, Arguments arguments)
    {
        bool isBinary = arguments.Bind("filesizeformat", 0, "binary")[0]?.IsTrue ?? false;
        double bytes = input is StringValue text && TryParseFloat(text.Text, out double parsed)
            ? parsed
            : Convert.Number(input, "the input of filesizeformat");
        double unit = isBinary ? 1024 : 1000;
        if (bytes == 1) return new StringValue("1 Byte");
        if (bytes < unit) return new StringValue(((long)bytes).ToString(CultureInfo.InvariantCulture) + " Bytes");
        ReadOnlySpan<string> prefixes = ["k", "M", "G", "T", "P", "E", "Z", "Y"];
        int i = 0;
        double size = bytes / unit;
        while (size >= unit && i < prefixes.Length - 1)
        {
            size /= unit;
            i++;
        }

        string prefix = isBinary ? prefixes[i].ToUpperInvariant() + "i" : prefixes[i];
        return new StringValue($"{NumberText.Fixed(size, 1)} {prefix}B");
    }
}
