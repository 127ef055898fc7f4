namespace Engine.Text.Templates;

/// <summary><c>a.b</c> and <c>a[b]</c>: Jinja tries attribute and item in this or that order.</summary>
internal static class Attributes
{
    /// <summary><c>target.name</c>: the attribute, else the item.</summary>
    public static Value GetAttribute(Interpreter context, Value target, StringValue name)
    {
        if (target is UndefinedValue undefined) throw Interpreter.Undefined(undefined);
        if (FindAttribute(context, target, name.Text) is { } attribute) return attribute;
        if (target is DictValue dict && dict.Items.TryGetValue(name, out Value? item)) return item;
        return new UndefinedValue($"'{Describe(target)}' has no attribute '{name.Text}'");
    }

    /// <summary><c>target[index]</c>: the item, else the attribute.</summary>
    public static Value GetItem(Interpreter context, Value target, Value index)
    {
        if (target is UndefinedValue undefined) throw Interpreter.Undefined(undefined);
        if (FindItem(target, index) is { } item) return item;
        if (index is StringValue name && FindAttribute(context, target, name.Text) is { } attribute) return attribute;
        return new UndefinedValue(index is StringValue key
            ? $"'{Describe(target)}' has no attribute '{key.Text}'"
            : $"{Describe(target)} has no element {context.Text(index)}");
    }

    /// <summary>The method or other attribute, or null. Names that begin with an underscore are out of bounds.
    /// </summary>
    private static Value? FindAttribute(Interpreter context, Value target, string name)
    {
        if (name.StartsWith('_')) return null;
        Builtin? method = target switch
        {
            StringValue { IsMarkup: true } => MarkupMethods.Find(name) ?? StringMethods.Find(name),
            StringValue => StringMethods.Find(name),
            DictValue => DictMethods.Find(name),
            ListValue => ListMethods.Find(name),
            TupleValue or RangeValue => name is "count" or "index" ? ListMethods.Find(name) : null,
            IntValue or FloatValue or BoolValue => NumberMethods.Find(target, name),
            _ => null,
        };
        if (method is not null) return new FunctionValue(name, method, target);
        return target switch
        {
            ObjectValue instance => instance.GetAttribute(context, name),
            NamespaceValue names => names.Attributes.GetValueOrDefault(name),
            GroupValue group => name switch
            {
                "grouper" => group.Items[0],
                "list" => group.Items[1],
                _ => null,
            },
            RangeValue range => name switch
            {
                "start" => new IntValue(range.Start),
                "stop" => new IntValue(range.Stop),
                "step" => new IntValue(range.Step),
                _ => null,
            },
            IntValue or FloatValue or BoolValue => NumberMethods.FindValue(target, name),
            _ => null,
        };
    }

    private static Value? FindItem(Value target, Value index)
    {
        if (target is DictValue dict)
        {
            bool isHashable = index is not (ListValue or DictValue);
            return isHashable && dict.Items.TryGetValue(index, out Value? value) ? value : null;
        }

        if (!Operators.TryInteger(index, out long position)) return null;
        switch (target)
        {
            case ListValue list: return At(list.Items, position);
            case TupleValue tuple: return At(tuple.Items, position);
            case RangeValue range:
                if (position < 0) position += range.Count;
                return position >= 0 && position < range.Count ? range[(int)position] : null;
            case StringValue text: return At(text, position);
            default: return null;
        }
    }

    private static Value? At(IReadOnlyList<Value> items, long position)
    {
        if (position < 0) position += items.Count;
        return position >= 0 && position < items.Count ? items[(int)position] : null;
    }

    private static StringValue? At(StringValue value, long position)
    {
        string text = value.Text;
        int length = PythonString.Length(text);
        if (position < 0) position += length;
        if (position < 0 || position >= length) return null;
        int offset = PythonString.OffsetOf(text, (int)position);
        return new StringValue(text.Substring(offset, PythonString.LengthAt(text, offset)), value.IsMarkup);
    }

    private static string Describe(Value target) => target is NoneValue ? "None" : target.TypeName + " object";
}
