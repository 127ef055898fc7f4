namespace Engine.Text.Templates;

/// <summary>The <c>loop</c> variable, which also runs the loop: items are fetched when needed, so that a condition sees
/// what the turns before changed.</summary>
internal sealed class LoopValue(ForStatement statement, Scope scope, IEnumerator<Value> source, int depth)
    : ObjectValue
{
    private readonly Queue<Value> _ahead = new();
    private Value? _previous;
    private Value? _current;
    private Value[]? _lastChanged;
    private int _index = -1;

    /// <summary>The loop it belongs to, which a recursive loop runs again.</summary>
    public ForStatement Statement { get; } = statement;

    /// <summary>The names around the loop.</summary>
    public Scope Scope { get; } = scope;

    /// <summary>0 for the outermost turn of a recursive loop.</summary>
    public int Depth { get; } = depth;

    /// <summary>The item of this turn.</summary>
    public Value Current => _current!;

    public override string TypeName => "LoopContext";

    public override bool IsCallable => true;

    /// <summary>Goes to the next item, if there is one.</summary>
    public bool MoveNext()
    {
        if (!FetchAhead()) return false;
        _previous = _current;
        _current = _ahead.Dequeue();
        _index++;
        return true;
    }

    public override Value Call(Interpreter context, Arguments arguments)
    {
        if (!Statement.IsRecursive)
            throw new ChatTemplateException("the loop must have the 'recursive' marker to be called");
        return context.RunRecursiveLoop(this, arguments.Bind("loop", 1, "iterable")[0]!);
    }

    public override Value? GetAttribute(Interpreter context, string name) => name switch
    {
        "index0" => new IntValue(_index),
        "index" => new IntValue(_index + 1),
        "first" => BoolValue.Of(_index == 0),
        "last" => BoolValue.Of(!FetchAhead()),
        "length" => new IntValue(CountAll()),
        "revindex" => new IntValue(CountAll() - _index),
        "revindex0" => new IntValue(CountAll() - _index - 1),
        "previtem" => _previous ?? new UndefinedValue("there is no previous item"),
        "nextitem" => FetchAhead() ? _ahead.Peek() : new UndefinedValue("there is no next item"),
        "depth" => new IntValue(Depth + 1),
        "depth0" => new IntValue(Depth),
        "cycle" => new FunctionValue(name, (_, _, arguments) => Cycle(arguments)),
        "changed" => new FunctionValue(name, (interpreter, _, arguments) => Changed(interpreter, arguments)),
        _ => null,
    };

    private bool FetchAhead()
    {
        if (_ahead.Count > 0) return true;
        if (!source.MoveNext()) return false;
        _ahead.Enqueue(source.Current);
        return true;
    }

    private int CountAll()
    {
        while (source.MoveNext()) _ahead.Enqueue(source.Current);
        return _index + 1 + _ahead.Count;
    }

    private Value Cycle(Arguments arguments)
    {
        if (arguments.Positional.Length == 0) throw new ChatTemplateException("no items for cycling given");
        return arguments.Positional[_index % arguments.Positional.Length];
    }

    private BoolValue Changed(Interpreter context, Arguments arguments)
    {
        Value[] now = arguments.Positional;
        bool isSame = _lastChanged is not null
            && context.AreEqual(new TupleValue(_lastChanged), new TupleValue(now));
        _lastChanged = now;
        return BoolValue.Of(!isSame);
    }
}
