namespace Engine.Text.Templates;

/// <summary>Methods of <c>list</c>. The changing ones work, as in llama.cpp, though Jinja's sandbox refuses them:
/// templates in the wild append to their own lists, and every rendering has its own copy of the data.</summary>
internal static class ListMethods
{
    /// <summary>The method, or null if lists have none of that name.</summary>
    public static Builtin? Find(string name) => name switch
    {
        "append" => Append,
        "clear" => Clear,
        "copy" => static (context, subject, arguments) => SequenceFilters.List(context, subject, arguments),
        "count" => Count,
        "extend" => Extend,
        "index" => Index,
        "insert" => Insert,
        "pop" => Pop,
        "remove" => Remove,
        "reverse" => Reverse,
        "sort" => static (_, _, _) => throw new ChatTemplateException("list.sort is refused, use the filter"),
        _ => null,
    };

    private static List<Value> Items(Value subject) => ((ListValue)subject).Items;

    private static NoneValue Append(Interpreter context, Value subject, Arguments arguments)
    {
        Value item = arguments.Bind("append", 1, "object")[0]!;
        context.Budget.ChargeItems(1);
        Items(subject).Add(item);
        return NoneValue.Instance;
    }

    private static NoneValue Clear(Interpreter context, Value subject, Arguments arguments)
    {
        arguments.Bind("clear", 0);
        Items(subject).Clear();
        return NoneValue.Instance;
    }

    private static NoneValue Extend(Interpreter context, Value subject, Arguments arguments)
    {
        List<Value> added = [.. context.Iterate(arguments.Bind("extend", 1, "iterable")[0]!)];
        context.Budget.ChargeItems(added.Count);
        Items(subject).AddRange(added);
        return NoneValue.Instance;
    }

    private static NoneValue Insert(Interpreter context, Value subject, Arguments arguments)
    {
        Value?[] given = arguments.Bind("insert", 2, "index", "object");
        List<Value> items = Items(subject);
        long index = Convert.Integer(given[0]!, "the index");
        if (index < 0) index = Math.Max(index + items.Count, 0);
        context.Budget.ChargeItems(1 + (items.Count / 16));
        items.Insert((int)Math.Min(index, items.Count), given[1]!);
        return NoneValue.Instance;
    }

    private static Value Pop(Interpreter context, Value subject, Arguments arguments)
    {
        Value?[] given = arguments.Bind("pop", 0, "index");
        List<Value> items = Items(subject);
        long index = given[0] is { } i ? Convert.Integer(i, "the index") : -1;
        if (index < 0) index += items.Count;
        if (index < 0 || index >= items.Count) throw new ChatTemplateException("pop index out of range");
        Value popped = items[(int)index];
        items.RemoveAt((int)index);
        context.Budget.Step(1 + ((items.Count - index) / 64));
        return popped;
    }

    private static NoneValue Remove(Interpreter context, Value subject, Arguments arguments)
    {
        int index = IndexOf(context, subject, arguments.Bind("remove", 1, "value")[0]!, 0, long.MaxValue);
        if (index < 0) throw new ChatTemplateException("list.remove(x): x not in list");
        Items(subject).RemoveAt(index);
        return NoneValue.Instance;
    }

    private static NoneValue Reverse(Interpreter context, Value subject, Arguments arguments)
    {
        arguments.Bind("reverse", 0);
        context.Budget.Step(Items(subject).Count);
        Items(subject).Reverse();
        return NoneValue.Instance;
    }

    private static IntValue Count(Interpreter context, Value subject, Arguments arguments)
    {
        Value wanted = arguments.Bind("count", 1, "value")[0]!;
        int count = 0;
        foreach (Value item in context.Iterate(subject))
        {
            if (context.AreEqual(item, wanted)) count++;
        }

        return new IntValue(count);
    }

    private static IntValue Index(Interpreter context, Value subject, Arguments arguments)
    {
        Value?[] given = arguments.Bind("index", 1, "value", "start", "stop");
        long start = given[1] is { } s ? Convert.Integer(s, "start") : 0;
        long stop = given[2] is { } e ? Convert.Integer(e, "stop") : long.MaxValue;
        int count = SequenceFilters.LengthOf(subject) ?? 0;
        if (start < 0) start = Math.Max(start + count, 0);
        if (stop < 0) stop += count;
        int index = IndexOf(context, subject, given[0]!, start, stop);
        return index >= 0 ? new IntValue(index) : throw new ChatTemplateException("the value is not in the list");
    }

    private static int IndexOf(Interpreter context, Value subject, Value wanted, long start, long stop)
    {
        int index = 0;
        foreach (Value item in context.Iterate(subject))
        {
            if (index >= start && index < stop && context.AreEqual(item, wanted)) return index;
            index++;
        }

        return -1;
    }
}
