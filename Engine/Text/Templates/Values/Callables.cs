namespace Engine.Text.Templates;

/// <summary>A filter, method or global function.</summary>
/// <param name="context">The running interpreter.</param>
/// <param name="subject">The filter's input, or the object the method belongs to.</param>
/// <param name="arguments">The rest.</param>
internal delegate Value Builtin(Interpreter context, Value subject, Arguments arguments);

/// <summary>A test, the right side of <c>is</c>.</summary>
internal delegate bool Test(Interpreter context, Value subject, Arguments arguments);

/// <summary>Something with its own behaviour when called or asked for an attribute.</summary>
internal abstract class ObjectValue : Value
{
    public virtual bool IsCallable => false;

    public virtual Value Call(Interpreter context, Arguments arguments) =>
        throw new ChatTemplateException($"'{TypeName}' object is not callable");

    /// <summary>The attribute, or null if there is none.</summary>
    public virtual Value? GetAttribute(Interpreter context, string name) => null;
}

/// <summary>A method of a value, or a global function.</summary>
internal sealed class FunctionValue(string name, Builtin function, Value? subject = null) : ObjectValue
{
    public string Name { get; } = name;

    public Value? Subject { get; } = subject;

    public override string TypeName => "builtin_function_or_method";

    public override bool IsCallable => true;

    public override Value Call(Interpreter context, Arguments arguments) =>
        function(context, Subject ?? NoneValue.Instance, arguments);
}

/// <summary>A macro together with the names it sees.</summary>
internal sealed class MacroValue(MacroDefinition definition, Scope scope) : ObjectValue
{
    public MacroDefinition Definition { get; } = definition;

    public Scope Scope { get; } = scope;

    public override string TypeName => "Macro";

    public override bool IsCallable => true;

    public override Value Call(Interpreter context, Arguments arguments) => context.CallMacro(this, arguments);

    public override Value? GetAttribute(Interpreter context, string name) => name switch
    {
        "name" => new StringValue(Definition.Name),
        "arguments" => new TupleValue([.. Definition.Parameters.ConvertAll(p => (Value)new StringValue(p))]),
        "catch_kwargs" => BoolValue.Of(Definition.TakesKwargs),
        "catch_varargs" => BoolValue.Of(Definition.TakesVarargs),
        "caller" => BoolValue.Of(Definition.TakesCaller),
        _ => null,
    };
}

/// <summary>What <c>cycler()</c> returns.</summary>
internal sealed class CyclerValue(Value[] items) : ObjectValue
{
    private int _index;

    public override string TypeName => "Cycler";

    public override Value? GetAttribute(Interpreter context, string name) => name switch
    {
        "current" => items[_index],
        "items" => new TupleValue(items),
        "pos" => new IntValue(_index),
        "next" => new FunctionValue(name, (_, _, _) => Next()),
        "reset" => new FunctionValue(name, (_, _, _) => Reset()),
        _ => null,
    };

    private Value Next()
    {
        Value current = items[_index];
        _index = (_index + 1) % items.Length;
        return current;
    }

    private NoneValue Reset()
    {
        _index = 0;
        return NoneValue.Instance;
    }
}

/// <summary>What <c>joiner()</c> returns: nothing at the first call, the separator from then on.</summary>
internal sealed class JoinerValue(Value separator) : ObjectValue
{
    private bool _isUsed;

    public override string TypeName => "Joiner";

    public override bool IsCallable => true;

    public override Value Call(Interpreter context, Arguments arguments)
    {
        arguments.Bind("joiner", 0);
        if (_isUsed) return separator;
        _isUsed = true;
        return StringValue.Empty;
    }

    public override Value? GetAttribute(Interpreter context, string name) => name switch
    {
        "sep" => separator,
        "used" => BoolValue.Of(_isUsed),
        _ => null,
    };
}
