using System.Globalization;

namespace Engine.Text.Templates;

/// <summary>Values as text: Python's <c>str</c> and <c>repr</c>.</summary>
internal static class PythonText
{
    /// <summary>Appends <c>str(value)</c>.</summary>
    public static void Write(Interpreter context, TextBuffer text, Value value)
    {
        switch (value)
        {
            case StringValue s:
                text.Append(s.Text);
                break;
            case UndefinedValue:
                break;
            default:
                WriteRepr(context, text, value);
                break;
        }
    }

    /// <summary>Appends <c>repr(value)</c>.</summary>
    public static void WriteRepr(Interpreter context, TextBuffer text, Value value)
    {
        context.Budget.Enter();
        context.Budget.Step();
        switch (value)
        {
            case StringValue s when s.IsMarkup:
                text.Append("Markup(");
                WriteQuoted(text, s.Text);
                text.Append(')');
                break;
            case StringValue s:
                WriteQuoted(text, s.Text);
                break;
            case ListValue list:
                WriteItems(context, text, '[', list.Items, ']');
                break;
            case TupleValue { Items.Length: 1 } single:
                text.Append('(');
                WriteRepr(context, text, single.Items[0]);
                text.Append(",)");
                break;
            case TupleValue tuple:
                WriteItems(context, text, '(', tuple.Items, ')');
                break;
            case DictValue dict:
                WriteDict(context, text, dict);
                break;
            case DictViewValue view:
                text.Append(view.TypeName).Append('(');
                WriteItems(context, text, '[', [.. context.Iterate(view)], ']');
                text.Append(')');
                break;
            case NamespaceValue names:
                WriteNamespace(context, text, names);
                break;
            default:
                text.Append(Scalar(value));
                break;
        }

        context.Budget.Leave();
    }

    private static string Scalar(Value value) => value switch
    {
        NoneValue => "None",
        UndefinedValue => "Undefined",
        BoolValue b => b.IsTrue ? "True" : "False",
        IntValue i => i.Number.ToString(CultureInfo.InvariantCulture),
        BigIntValue big => big.Digits,
        FloatValue f => NumberText.Repr(f.Number),
        RangeValue { Step: 1 } r => string.Create(CultureInfo.InvariantCulture, $"range({r.Start}, {r.Stop})"),
        RangeValue r => string.Create(CultureInfo.InvariantCulture, $"range({r.Start}, {r.Stop}, {r.Step})"),
        FunctionValue { Subject: { } subject } f => $"<built-in method {f.Name} of {subject.TypeName} object>",
        FunctionValue f => $"<function {f.Name}>",
        MacroValue m => $"<Macro '{m.Definition.Name}'>",
        _ => $"<{value.TypeName} object>",
    };

    private static void WriteItems(
        Interpreter context, TextBuffer text, char open, IReadOnlyList<Value> items, char close)
    {
        text.Append(open);
        for (int i = 0; i < items.Count; i++)
        {
            if (i > 0) text.Append(", ");
            WriteRepr(context, text, items[i]);
        }

        text.Append(close);
    }

    private static void WriteDict(Interpreter context, TextBuffer text, DictValue dict)
    {
        text.Append('{');
        bool isFirst = true;
        foreach ((Value key, Value value) in dict.Items)
        {
            if (!isFirst) text.Append(", ");
            isFirst = false;
            WriteRepr(context, text, key);
            text.Append(": ");
            WriteRepr(context, text, value);
        }

        text.Append('}');
    }

    private static void WriteNamespace(Interpreter context, TextBuffer text, NamespaceValue names)
    {
        DictValue attributes = new();
        foreach ((string name, Value value) in names.Attributes) attributes.Items[new StringValue(name)] = value;
        text.Append("<Namespace ");
        WriteRepr(context, text, attributes);
        text.Append('>');
    }

    /// <summary>Appends a string literal: single quotes unless only double quotes avoid an escape.</summary>
    public static void WriteQuoted(TextBuffer text, string value, bool asciiOnly = false)
    {
        char quote = value.Contains('\'') && !value.Contains('"') ? '"' : '\'';
        text.Append(quote);
        for (int i = 0; i < value.Length;)
        {
            int length = PythonString.LengthAt(value, i);
            int c = PythonString.CodePointAt(value, i);
            if (c == quote || c == '\\') text.Append('\\').Append((char)c);
            else if (c == '\n') text.Append("\\n");
            else if (c == '\r') text.Append("\\r");
            else if (c == '\t') text.Append("\\t");
            else if (PythonString.IsPrintable(c) && !(asciiOnly && c > 0x7e)) text.Append(value.AsSpan(i, length));
            else if (c < 0x100) text.Append(string.Create(CultureInfo.InvariantCulture, $"\\x{c:x2}"));
            else if (c < 0x10000) text.Append(string.Create(CultureInfo.InvariantCulture, $"\\u{c:x4}"));
            else text.Append(string.Create(CultureInfo.InvariantCulture, $"\\U{c:x8}"));
            i += length;
        }

        text.Append(quote);
    }
}
