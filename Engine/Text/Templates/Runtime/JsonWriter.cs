using System.Globalization;

namespace Engine.Text.Templates;

/// <summary>Python's <c>json.dumps</c>.</summary>
internal sealed class JsonWriter
{
    private readonly Interpreter _context;
    private readonly TextBuffer _text;

    public JsonWriter(Interpreter context)
    {
        _context = context;
        _text = new TextBuffer(context.Budget);
    }

    public required bool AsciiOnly { get; init; }

    public required bool SortKeys { get; init; }

    /// <summary>What one level is indented with; null for everything on one line.</summary>
    public required string? Indent { get; init; }

    public required string ItemSeparator { get; init; }

    public required string KeySeparator { get; init; }

    public string Write(Value value)
    {
        WriteValue(value, 0);
        return _text.ToString();
    }

    private void WriteValue(Value value, int level)
    {
        _context.Budget.Enter();
        _context.Budget.Step();
        switch (value)
        {
            case StringValue s: WriteString(s.Text); break;
            case NoneValue: _text.Append("null"); break;
            case BoolValue b: _text.Append(b.IsTrue ? "true" : "false"); break;
            case IntValue or BigIntValue: PythonText.WriteRepr(_context, _text, value); break;
            case FloatValue f: _text.Append(Float(f.Number)); break;
            case ListValue list: WriteArray(list.Items, level); break;
            case TupleValue tuple: WriteArray(tuple.Items, level); break;
            case IteratorValue iterator: WriteArray([.. _context.Iterate(iterator)], level); break;
            case DictValue dict: WriteObject(dict, level); break;
            default: throw new ChatTemplateException($"Object of type {value.TypeName} is not JSON serializable");
        }

        _context.Budget.Leave();
    }

    private static string Float(double number) => number switch
    {
        double.NaN => "NaN",
        double.PositiveInfinity => "Infinity",
        double.NegativeInfinity => "-Infinity",
        _ => NumberText.Repr(number),
    };

    private void WriteArray(IReadOnlyList<Value> items, int level)
    {
        _text.Append('[');
        for (int i = 0; i < items.Count; i++)
        {
            if (i > 0) _text.Append(ItemSeparator);
            NewLine(level + 1);
            WriteValue(items[i], level + 1);
        }

        if (items.Count > 0) NewLine(level);
        _text.Append(']');
    }

    private void WriteObject(DictValue dict, int level)
    {
        KeyValuePair<Value, Value>[] items = [.. dict.Items];
        if (SortKeys)
            Comparison.Sort(items, (a, b) => Comparison.Order(_context, a.Key, b.Key, "<") ?? 0);
        _text.Append('{');
        bool isFirst = true;
        foreach ((Value key, Value value) in items)
        {
            if (!isFirst) _text.Append(ItemSeparator);
            isFirst = false;
            NewLine(level + 1);
            WriteString(Key(key));
            _text.Append(KeySeparator);
            WriteValue(value, level + 1);
        }

        if (items.Length > 0) NewLine(level);
        _text.Append('}');
    }

    private string Key(Value key) => key switch
    {
        StringValue s => s.Text,
        NoneValue => "null",
        BoolValue b => b.IsTrue ? "true" : "false",
        IntValue or BigIntValue => _context.Text(key),
        FloatValue f => Float(f.Number),
        _ => throw new ChatTemplateException(
            $"keys must be str, int, float, bool or None, not {key.TypeName}"),
    };

    private void NewLine(int level)
    {
        if (Indent is null) return;
        _text.Append('\n');
        for (int i = 0; i < level; i++) _text.Append(Indent);
    }

    private void WriteString(string value)
    {
        _text.Append('"');
        int plain = 0;
        for (int i = 0; i < value.Length; i++)
        {
            char c = value[i];
            if (c is >= ' ' and not ('"' or '\\') && (c < 0x7f || !AsciiOnly)) continue;
            _text.Append(value.AsSpan(plain, i - plain));
            _text.Append(Escape(c));
            plain = i + 1;
        }

        _text.Append(value.AsSpan(plain)).Append('"');
    }

    private static string Escape(char c) => c switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\b' => "\\b",
        '\f' => "\\f",
        _ => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
    };
}
