using System.Globalization;
using System.Text;

namespace Engine.Text.Templates;

/// <summary>Filters about markup and addresses.</summary>
internal static class HtmlFilters
{
    public static Value Safe(Interpreter context, Value input, Arguments arguments)
    {
        arguments.Bind("safe", 0);
        return new StringValue(context.Text(input), isMarkup: true);
    }

    public static Value Escape(Interpreter context, Value input, Arguments arguments)
    {
        arguments.Bind("escape", 0);
        string text = Html.Escape(context, input);
        context.Budget.ChargeText(text.Length);
        return new StringValue(text, isMarkup: true);
    }

    public static Value ForceEscape(Interpreter context, Value input, Arguments arguments)
    {
        arguments.Bind("forceescape", 0);
        string text = Html.Escape(context.Text(input));
        context.Budget.ChargeText(text.Length);
        return new StringValue(text, isMarkup: true);
    }

    public static Value StripTags(Interpreter context, Value input, Arguments arguments)
    {
        arguments.Bind("striptags", 0);
        string text = context.Text(input);
        context.Budget.ChargeText(text.Length);
        return new StringValue(Html.StripTags(text));
    }

    public static Value UrlEncode(Interpreter context, Value input, Arguments arguments)
    {
        arguments.Bind("urlencode", 0);
        TextBuffer encoded = new(context.Budget);
        if (input is not (DictValue or ListValue or TupleValue or IteratorValue or DictViewValue))
        {
            Quote(encoded, context.Text(input), "/");
            return new StringValue(encoded.ToString());
        }

        Value pairs = input is DictValue dict ? new DictViewValue(dict, DictPart.Items) : input;
        foreach (Value item in context.Iterate(pairs))
        {
            List<Value> pair = [.. context.Iterate(item)];
            if (pair.Count != 2) throw new ChatTemplateException("urlencode() takes pairs");
            if (encoded.Length > 0) encoded.Append('&');
            Quote(encoded, context.Text(pair[0]), "");
            encoded.Append('=');
            Quote(encoded, context.Text(pair[1]), "");
        }

        return new StringValue(encoded.ToString());
    }

    private static void Quote(TextBuffer encoded, string text, string kept)
    {
        foreach (byte b in Encoding.UTF8.GetBytes(text))
        {
            char c = (char)b;
            if (char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-' or '~' || kept.Contains(c)) encoded.Append(c);
            else if (kept.Length == 0 && c == ' ') encoded.Append('+');
            else encoded.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
        }
    }

    public static Value XmlAttr(Interpreter context, Value input, Arguments arguments)
    {
        bool leadingSpace = arguments.Bind("xmlattr", 0, "autospace")[0]?.IsTrue ?? true;
        if (input is not DictValue dict) throw new ChatTemplateException("xmlattr() takes a dict");
        TextBuffer text = new(context.Budget);
        foreach ((Value key, Value value) in dict.Items)
        {
            if (value is NoneValue or UndefinedValue) continue;
            string name = Convert.Text(key, "an attribute's name");
            if (name.AsSpan().ContainsAny(" \t\n\r\f/>="))
                throw new ChatTemplateException($"invalid character in attribute name '{name}'");
            if (leadingSpace || text.Length > 0) text.Append(' ');
            text.Append(Html.Escape(name)).Append("=\"").Append(Html.Escape(context, value)).Append('"');
        }

        return new StringValue(text.ToString());
    }
}
