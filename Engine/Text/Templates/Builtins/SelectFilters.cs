namespace Engine.Text.Templates;

/// <summary>Filters that apply a filter or a test to every item.</summary>
internal static class SelectFilters
{
    /// <summary>These filters, unlike all others, take anything false as empty, even none. As with Python's generators,
    /// what cannot be iterated is an error only when the first item is fetched.</summary>
    private static IEnumerable<Value> ItemsOf(Interpreter context, Value input)
    {
        if (!input.IsTrue) yield break;
        foreach (Value item in context.Iterate(input)) yield return item;
    }

    public static Value Map(Interpreter context, Value input, Arguments arguments)
    {
        IEnumerable<Value> items = ItemsOf(context, input);
        if (arguments.Positional.Length == 0)
        {
            Value?[] given = arguments.Bind("map", 0, "attribute", "default");
            if (given[0] is not { } path) throw new ChatTemplateException("map requires a filter argument");
            return new IteratorValue("generator", MapAttribute(context, items, path, given[1]));
        }

        string name = Convert.Text(arguments.Positional[0], "the filter's name");
        Builtin filter = Filters.Find(name) ?? throw new ChatTemplateException($"no filter named '{name}'");
        return new IteratorValue("generator", MapFilter(context, items, filter, arguments.Skip(1)));
    }

    private static IEnumerable<Value> MapAttribute(
        Interpreter context, IEnumerable<Value> items, Value path, Value? otherwise)
    {
        foreach (Value item in items) yield return Convert.GetPath(context, item, path, otherwise);
    }

    private static IEnumerable<Value> MapFilter(
        Interpreter context, IEnumerable<Value> items, Builtin filter, Arguments arguments)
    {
        foreach (Value item in items) yield return filter(context, item, arguments);
    }

    public static Value Select(Interpreter context, Value input, Arguments arguments) =>
        Choose(context, input, null, arguments, keeps: true);

    public static Value Reject(Interpreter context, Value input, Arguments arguments) =>
        Choose(context, input, null, arguments, keeps: false);

    public static Value SelectAttr(Interpreter context, Value input, Arguments arguments) =>
        ChooseByAttribute(context, input, arguments, keeps: true);

    public static Value RejectAttr(Interpreter context, Value input, Arguments arguments) =>
        ChooseByAttribute(context, input, arguments, keeps: false);

    private static IteratorValue ChooseByAttribute(
        Interpreter context, Value input, Arguments arguments, bool keeps)
    {
        if (arguments.Positional.Length == 0) throw new ChatTemplateException("missing parameter for attribute name");
        return Choose(context, input, arguments.Positional[0], arguments.Skip(1), keeps);
    }

    private static IteratorValue Choose(
        Interpreter context, Value input, Value? path, Arguments arguments, bool keeps)
    {
        Test test = static (_, value, _) => value.IsTrue;
        Arguments rest = Arguments.None;
        if (arguments.Positional.Length > 0)
        {
            string name = Convert.Text(arguments.Positional[0], "the test's name");
            test = Tests.Find(name) ?? throw new ChatTemplateException($"no test named '{name}'");
            rest = arguments.Skip(1);
        }

        return new IteratorValue("generator", Run(ItemsOf(context, input)));

        IEnumerable<Value> Run(IEnumerable<Value> items)
        {
            foreach (Value item in items)
            {
                if (test(context, Convert.GetPath(context, item, path), rest) == keeps) yield return item;
            }
        }
    }
}
