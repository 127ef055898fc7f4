namespace Engine.Text.Templates;

/// <summary>Filters about values and sequences as a whole.</summary>
internal static class SequenceFilters
{
    /// <summary>Python's <c>len</c>; null if the type has none.</summary>
    public static int? LengthOf(Value value) => value switch
    {
        StringValue text => PythonString.Length(text.Text),
        ListValue list => list.Items.Count,
        TupleValue tuple => tuple.Items.Length,
        DictValue dict => dict.Items.Count,
        DictViewValue view => view.Dict.Items.Count,
        RangeValue range => range.Count,
        UndefinedValue => 0,
        _ => null,
    };

    public static Value Length(Interpreter context, Value input, Arguments arguments)
    {
        arguments.Bind("length", 0);
        if (input is StringValue text) context.Budget.Step(text.Text.Length / 64);
        return new IntValue(LengthOf(input)
            ?? throw new ChatTemplateException($"object of type '{input.TypeName}' has no len()"));
    }

    public static Value Default(Interpreter context, Value input, Arguments arguments)
    {
        Value?[] given = arguments.Bind("default", 0, "default_value", "boolean");
        bool replaces = input is UndefinedValue || (given[1]?.IsTrue == true && !input.IsTrue);
        return replaces ? given[0] ?? StringValue.Empty : input;
    }

    public static Value List(Interpreter context, Value input, Arguments arguments)
    {
        arguments.Bind("list", 0);
        context.Budget.ChargeItems(LengthOf(input) ?? 0);
        return new ListValue([.. context.Iterate(input)]);
    }

    public static Value Items(Interpreter context, Value input, Arguments arguments)
    {
        arguments.Bind("items", 0);
        return new IteratorValue("generator", Run());

        IEnumerable<Value> Run()
        {
            if (input is UndefinedValue) yield break;
            if (input is not DictValue dict)
                throw new ChatTemplateException("Can only get item pairs from a mapping.");
            foreach (Value item in context.Iterate(new DictViewValue(dict, DictPart.Items))) yield return item;
        }
    }

    public static Value First(Interpreter context, Value input, Arguments arguments)
    {
        arguments.Bind("first", 0);
        foreach (Value item in context.Iterate(input)) return item;
        return new UndefinedValue("no first item, the sequence is empty");
    }

    public static Value Last(Interpreter context, Value input, Arguments arguments)
    {
        arguments.Bind("last", 0);
        if (input is IteratorValue) throw new ChatTemplateException($"'{input.TypeName}' object is not reversible");
        if (input is ListValue { Items: [.., Value end] }) return end;
        Value? last = null;
        foreach (Value item in context.Iterate(input)) last = item;
        return last ?? new UndefinedValue("no last item, the sequence is empty");
    }

    public static Value Random(Interpreter context, Value input, Arguments arguments)
    {
        arguments.Bind("random", 0);
        List<Value> items = [.. context.Iterate(input)];
        return items.Count > 0
            ? items[System.Random.Shared.Next(items.Count)]
            : new UndefinedValue("no random item, the sequence is empty");
    }

    public static Value Join(Interpreter context, Value input, Arguments arguments)
    {
        Value?[] given = arguments.Bind("join", 0, "d", "attribute");
        string separator = given[0] is null ? "" : context.Text(given[0]!);
        TextBuffer text = new(context.Budget);
        bool isFirst = true;
        foreach (Value item in context.Iterate(input))
        {
            if (!isFirst) text.Append(separator);
            isFirst = false;
            PythonText.Write(context, text, Convert.GetPath(context, item, given[1]));
        }

        return new StringValue(text.ToString());
    }

    public static Value Reverse(Interpreter context, Value input, Arguments arguments)
    {
        arguments.Bind("reverse", 0);
        if (input is StringValue) return Slicing.Slice(context, input, null, null, new IntValue(-1));
        List<Value> items = [.. context.Iterate(input)];
        items.Reverse();
        return input is IteratorValue ? new ListValue(items) : new IteratorValue("reversed", items);
    }

    public static Value Attr(Interpreter context, Value input, Arguments arguments)
    {
        Value name = arguments.Bind("attr", 1, "name")[0]!;
        string text = Convert.Text(name, "the attribute's name");
        if (input is DictValue && DictMethods.Find(text) is null)
            return new UndefinedValue($"'dict object' has no attribute '{text}'");
        return Attributes.GetAttribute(context, input, new StringValue(text));
    }
}
