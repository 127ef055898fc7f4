namespace Engine.Text.Templates;

/// <summary>Filters that compare items.</summary>
internal static class SortFilters
{
    /// <summary>Text compares without case unless asked.</summary>
    private static Value IgnoreCase(Value value, bool caseSensitive) =>
        !caseSensitive && value is StringValue text ? new StringValue(PythonString.Lower(text.Text)) : value;

    private static int Compare(Interpreter context, Value a, Value b) => Comparison.Order(context, a, b, "<") ?? 0;

    /// <summary>The sort key: an attribute, or several with commas between.</summary>
    private static Value Key(Interpreter context, Value item, Value? attribute, bool caseSensitive)
    {
        if (attribute is not StringValue { Text: { } path } || !path.Contains(','))
            return IgnoreCase(Convert.GetPath(context, item, attribute), caseSensitive);
        List<Value> keys = [];
        foreach (string part in path.Split(','))
            keys.Add(IgnoreCase(Convert.GetPath(context, item, new StringValue(part)), caseSensitive));
        return new ListValue(keys);
    }

    private static Value[] Sorted(
        Interpreter context, IEnumerable<Value> items, Func<Value, Value> key, bool isReversed)
    {
        List<(Value Key, Value Item)> keyed = [];
        foreach (Value item in items) keyed.Add((key(item), item));
        (Value Key, Value Item)[] array = [.. keyed];
        int sign = isReversed ? -1 : 1;
        Comparison.Sort(array, (a, b) => sign * Compare(context, a.Key, b.Key));
        return Array.ConvertAll(array, pair => pair.Item);
    }

    public static Value Sort(Interpreter context, Value input, Arguments arguments)
    {
        Value?[] given = arguments.Bind("sort", 0, "reverse", "case_sensitive", "attribute");
        bool caseSensitive = given[1]?.IsTrue ?? false;
        return new ListValue([.. Sorted(
            context, context.Iterate(input), item => Key(context, item, given[2], caseSensitive),
            given[0]?.IsTrue ?? false)]);
    }

    public static Value DictSort(Interpreter context, Value input, Arguments arguments)
    {
        Value?[] given = arguments.Bind("dictsort", 0, "case_sensitive", "by", "reverse");
        if (input is UndefinedValue undefined) throw Interpreter.Undefined(undefined);
        if (input is not DictValue dict)
            throw new ChatTemplateException($"'{input.TypeName}' object has no attribute 'items'");
        int part = given[1] is null ? 0 : given[1] is StringValue by ? by.Text switch
        {
            "key" => 0,
            "value" => 1,
            _ => -1,
        } : -1;
        if (part < 0) throw new ChatTemplateException("you can only sort by either \"key\" or \"value\"");
        bool caseSensitive = given[0]?.IsTrue ?? false;
        IEnumerable<Value> items = context.Iterate(new DictViewValue(dict, DictPart.Items));
        return new ListValue([.. Sorted(
            context, items, item => IgnoreCase(((TupleValue)item).Items[part], caseSensitive),
            given[2]?.IsTrue ?? false)]);
    }

    public static Value Unique(Interpreter context, Value input, Arguments arguments)
    {
        Value?[] given = arguments.Bind("unique", 0, "case_sensitive", "attribute");
        bool caseSensitive = given[0]?.IsTrue ?? false;
        return new IteratorValue("generator", Run());

        IEnumerable<Value> Run()
        {
            HashSet<Value> seen = new(KeyComparer.Instance);
            foreach (Value item in context.Iterate(input))
            {
                if (seen.Add(IgnoreCase(Convert.GetPath(context, item, given[1]), caseSensitive))) yield return item;
            }
        }
    }

    public static Value Max(Interpreter context, Value input, Arguments arguments) =>
        Extreme(context, input, arguments, 1);

    public static Value Min(Interpreter context, Value input, Arguments arguments) =>
        Extreme(context, input, arguments, -1);

    private static Value Extreme(Interpreter context, Value input, Arguments arguments, int sign)
    {
        Value?[] given = arguments.Bind(sign > 0 ? "max" : "min", 0, "case_sensitive", "attribute");
        bool caseSensitive = given[0]?.IsTrue ?? false;
        Value? best = null;
        Value? bestKey = null;
        foreach (Value item in context.Iterate(input))
        {
            Value key = IgnoreCase(Convert.GetPath(context, item, given[1]), caseSensitive);
            if (bestKey is not null && sign * Compare(context, key, bestKey) <= 0) continue;
            best = item;
            bestKey = key;
        }

        return best ?? new UndefinedValue("no aggregated item, the sequence is empty");
    }
}
