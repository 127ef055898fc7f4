namespace Engine.Text.Templates;

/// <summary>Methods of <c>dict</c>. The changing ones are refused, as by Jinja's sandbox.</summary>
internal static class DictMethods
{
    /// <summary>The method, or null if dicts have none of that name.</summary>
    public static Builtin? Find(string name) => name switch
    {
        "copy" => Copy,
        "get" => Get,
        "items" => static (_, s, a) => View(s, a, DictPart.Items),
        "keys" => static (_, s, a) => View(s, a, DictPart.Keys),
        "values" => static (_, s, a) => View(s, a, DictPart.Values),
        "clear" or "pop" or "popitem" or "setdefault" or "update" or "fromkeys" =>
            static (_, _, _) => throw new ChatTemplateException("a dict cannot be changed by a template"),
        _ => null,
    };

    private static DictViewValue View(Value subject, Arguments arguments, DictPart part)
    {
        arguments.Bind("the method", 0);
        return new DictViewValue((DictValue)subject, part);
    }

    private static Value Get(Interpreter context, Value subject, Arguments arguments)
    {
        Value?[] given = arguments.Bind("get", 1, "key", "default");
        return ((DictValue)subject).Items.TryGetValue(given[0]!, out Value? value)
            ? value
            : given[1] ?? NoneValue.Instance;
    }

    private static DictValue Copy(Interpreter context, Value subject, Arguments arguments)
    {
        arguments.Bind("copy", 0);
        DictValue copy = new();
        context.Budget.ChargeItems(((DictValue)subject).Items.Count);
        foreach ((Value key, Value value) in ((DictValue)subject).Items) copy.Items[key] = value;
        return copy;
    }
}
