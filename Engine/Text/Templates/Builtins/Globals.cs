namespace Engine.Text.Templates;

/// <summary>The global functions by name.</summary>
internal static class Globals
{
    /// <summary>The function, or null if there is none of that name.</summary>
    public static Value? Find(string name) => name switch
    {
        "range" => new FunctionValue(name, Range),
        "dict" => new FunctionValue(name, Dict),
        "namespace" => new FunctionValue(name, Namespace),
        "cycler" => new FunctionValue(name, Cycler),
        "joiner" => new FunctionValue(name, Joiner),
        "raise_exception" => new FunctionValue(name, RaiseException),
        "strftime_now" => new FunctionValue(name, StrFTimeNow),
        _ => null,
    };

    private static RangeValue Range(Interpreter context, Value subject, Arguments arguments)
    {
        Value?[] given = arguments.Bind("range", 1, "start", "stop", "step");
        long first = Convert.Integer(given[0]!, "range");
        long start = given[1] is null ? 0 : first;
        long stop = given[1] is null ? first : Convert.Integer(given[1]!, "range");
        long step = given[2] is null ? 1 : Convert.Integer(given[2]!, "range");
        if (step == 0) throw new ChatTemplateException("range() arg 3 must not be zero");
        Int128 distance = step > 0 ? (Int128)stop - start : (Int128)start - stop;
        Int128 stride = step > 0 ? step : -(Int128)step;
        Int128 count = distance <= 0 ? 0 : (distance + stride - 1) / stride;
        if (count > RenderBudget.MaxRange)
            throw new ChatTemplateException($"the range has more than {RenderBudget.MaxRange} numbers");
        return new RangeValue(start, stop, step, (int)count);
    }

    private static DictValue Dict(Interpreter context, Value subject, Arguments arguments)
    {
        DictValue dict = new();
        Fill(context, arguments, "dict", (key, value) => dict.Items[key] = value);
        return dict;
    }

    private static NamespaceValue Namespace(Interpreter context, Value subject, Arguments arguments)
    {
        NamespaceValue names = new();
        Fill(context, arguments, "namespace",
            (key, value) => names.Attributes[Convert.Text(key, "an attribute's name")] = value);
        return names;
    }

    /// <summary>Arguments of Python's <c>dict()</c>: a mapping or pairs, then keywords.</summary>
    private static void Fill(Interpreter context, Arguments arguments, string function, Action<Value, Value> add)
    {
        if (arguments.Positional.Length > 1)
            throw new ChatTemplateException($"{function}() takes at most one positional argument");
        foreach (Value source in arguments.Positional)
        {
            Value pairs = source is DictValue dict ? new DictViewValue(dict, DictPart.Items) : source;
            foreach (Value item in context.Iterate(pairs))
            {
                List<Value> pair = [.. context.Iterate(item)];
                if (pair.Count != 2) throw new ChatTemplateException($"{function}() takes pairs");
                add(pair[0], pair[1]);
            }
        }

        foreach ((string name, Value value) in arguments.Named) add(new StringValue(name), value);
    }

    private static CyclerValue Cycler(Interpreter context, Value subject, Arguments arguments)
    {
        if (arguments.Positional.Length == 0 || arguments.Named.Length > 0)
            throw new ChatTemplateException("cycler() takes at least one item");
        return new CyclerValue(arguments.Positional);
    }

    private static JoinerValue Joiner(Interpreter context, Value subject, Arguments arguments) =>
        new(arguments.Bind("joiner", 0, "sep")[0] ?? new StringValue(", "));

    private static Value RaiseException(Interpreter context, Value subject, Arguments arguments)
    {
        Value message = arguments.Bind("raise_exception", 1, "message")[0]!;
        throw new ChatTemplateException(context.Text(message), 0, raisedByTemplate: true);
    }

    private static StringValue StrFTimeNow(Interpreter context, Value subject, Arguments arguments)
    {
        string format = Convert.Text(arguments.Bind("strftime_now", 1, "format")[0]!, "the format");
        context.Budget.Step(format.Length);
        return new StringValue(StrFTime.Format(context, format, context.Now));
    }
}
