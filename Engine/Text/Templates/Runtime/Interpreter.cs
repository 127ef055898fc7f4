namespace Engine.Text.Templates;

/// <summary>One rendering of a template. This half runs statements.</summary>
internal sealed partial class Interpreter
{
    private readonly Scope _top;
    private TextBuffer _output;
    private int _calls;
    private int _line;

    public Interpreter(DictValue variables, DateTime? now)
    {
        _output = new TextBuffer(Budget);
        _now = now;
        Scope inputs = new(null);
        foreach ((Value name, Value value) in variables.Items) inputs.Set(((StringValue)name).Text, value);
        _top = new Scope(inputs);
    }

    private enum Flow : byte
    {
        Normal,
        Break,
        Continue,
    }

    public RenderBudget Budget { get; } = new();

    /// <summary>Runs the template.</summary>
    /// <exception cref="ChatTemplateException">It failed; the line tells where.</exception>
    public string Run(Statement[] template)
    {
        try
        {
            if (Execute(template, _top) != Flow.Normal) throw new ChatTemplateException("'break' outside of a loop");
            return _output.ToString();
        }
        catch (ChatTemplateException error) when (error.Line == 0)
        {
            throw new ChatTemplateException(error.Message, _line, error.RaisedByTemplate);
        }
        catch (OutOfMemoryException)
        {
            throw new ChatTemplateException("out of memory", _line);
        }
    }

    /// <summary>Runs a body and returns what it prints.</summary>
    private string Capture(Statement[] body, Scope scope)
    {
        TextBuffer outer = _output;
        _output = new TextBuffer(Budget);
        Execute(body, scope);
        string text = _output.ToString();
        _output = outer;
        return text;
    }

    private Flow Execute(Statement[] body, Scope scope)
    {
        Budget.Enter();
        Flow flow = Flow.Normal;
        foreach (Statement statement in body)
        {
            Budget.Step();
            _line = statement.Line;
            flow = Execute(statement, scope);
            if (flow != Flow.Normal) break;
        }

        Budget.Leave();
        return flow;
    }

    private Flow Execute(Statement statement, Scope scope)
    {
        switch (statement)
        {
            case TextStatement text:
                _output.Append(text.Text);
                return Flow.Normal;
            case PrintStatement print:
                Print(Evaluate(print.Value, scope));
                return Flow.Normal;
            case IfStatement branch:
                return ExecuteIf(branch, scope);
            case ForStatement loop:
                RunLoop(loop, scope, Evaluate(loop.Source, scope), 0);
                return Flow.Normal;
            case SetStatement set:
                Assign(set.Target, Evaluate(set.Value, scope), scope);
                return Flow.Normal;
            case CaptureStatement capture:
                ExecuteCapture(capture, scope);
                return Flow.Normal;
            case MacroStatement macro:
                scope.Set(macro.Definition.Name, new MacroValue(macro.Definition, scope));
                return Flow.Normal;
            case CallStatement call:
                ExecuteCall(call, scope);
                return Flow.Normal;
            case WithStatement with:
                return ExecuteWith(with, scope);
            case ScopeStatement inner:
                return Execute(inner.Body, new Scope(inner.IsTopLevel ? _top : scope));
            case BreakStatement:
                return Flow.Break;
            default:
                return Flow.Continue;
        }
    }

    private void Print(Value value)
    {
        if (value is StringValue text) _output.Append(text.Text);
        else PythonText.Write(this, _output, value);
    }

    private Flow ExecuteIf(IfStatement statement, Scope scope)
    {
        foreach ((Expression condition, Statement[] body) in statement.Branches)
        {
            if (Evaluate(condition, scope).IsTrue) return Execute(body, scope);
        }

        return Execute(statement.Otherwise, scope);
    }

    private void RunLoop(ForStatement statement, Scope scope, Value source, int depth)
    {
        IEnumerable<Value> items = Iterate(source);
        if (statement.Condition is { } condition) items = Where(statement.Target, condition, items, scope);
        LoopValue loop = new(statement, scope, items.GetEnumerator(), depth);
        bool isEmpty = true;
        while (loop.MoveNext())
        {
            isEmpty = false;
            Scope turn = new(scope);
            turn.Set("loop", loop);
            Assign(statement.Target, loop.Current, turn);
            if (Execute(statement.Body, turn) == Flow.Break) break;
        }

        if (isEmpty && statement.Otherwise.Length > 0) Execute(statement.Otherwise, new Scope(scope));
    }

    private IEnumerable<Value> Where(Target target, Expression condition, IEnumerable<Value> items, Scope scope)
    {
        foreach (Value item in items)
        {
            Scope test = new(scope);
            Assign(target, item, test);
            if (Evaluate(condition, test).IsTrue) yield return item;
        }
    }

    /// <summary>Runs a loop marked <c>recursive</c> over further items; its text is the value.</summary>
    public StringValue RunRecursiveLoop(LoopValue loop, Value source)
    {
        EnterCall();
        TextBuffer outer = _output;
        _output = new TextBuffer(Budget);
        RunLoop(loop.Statement, loop.Scope, source, loop.Depth + 1);
        StringValue text = new(_output.ToString());
        _output = outer;
        _calls--;
        return text;
    }

    private void ExecuteCapture(CaptureStatement statement, Scope scope)
    {
        Value text = new StringValue(Capture(statement.Body, new Scope(scope)));
        if (statement.Filter is { } filter) text = ApplyFilter(filter, text, scope);
        if (statement.Target is { } target) Assign(target, text, scope);
        else Print(text);
    }

    private Flow ExecuteWith(WithStatement statement, Scope scope)
    {
        Scope inner = new(scope);
        foreach ((Target target, Expression value) in statement.Bindings) Assign(target, Evaluate(value, scope), inner);
        return Execute(statement.Body, inner);
    }

    private void ExecuteCall(CallStatement statement, Scope scope)
    {
        Value callee = Evaluate(statement.Call.Callee, scope);
        Arguments given = Evaluate(statement.Call.Arguments, scope);
        MacroValue caller = new(statement.Caller, scope);
        Print(Call(callee, new Arguments(given.Positional, [.. given.Named, new("caller", caller)])));
    }

    private void Assign(Target target, Value value, Scope scope)
    {
        switch (target)
        {
            case NameTarget name:
                scope.Set(name.Name, value);
                break;
            case NamespaceTarget attribute:
                if (scope.Find(attribute.Name) is not NamespaceValue owner)
                    throw new ChatTemplateException("cannot assign attribute on non-namespace object");
                if (attribute.Attribute.StartsWith('_'))
                    throw new ChatTemplateException($"the attribute '{attribute.Attribute}' is private");
                owner.Attributes[attribute.Attribute] = value;
                break;
            case TupleTarget tuple:
                Unpack(tuple, value, scope);
                break;
        }
    }

    private void Unpack(TupleTarget target, Value value, Scope scope)
    {
        List<Value> items = [];
        foreach (Value item in Iterate(value))
        {
            items.Add(item);
            if (items.Count > target.Items.Length) break;
        }

        if (items.Count != target.Items.Length)
        {
            throw new ChatTemplateException(
                $"wrong number of values to unpack: expected {target.Items.Length}, found "
                + (items.Count > target.Items.Length ? "more" : $"{items.Count}"));
        }

        for (int i = 0; i < items.Count; i++) Assign(target.Items[i], items[i], scope);
    }

    private void EnterCall()
    {
        if (++_calls > RenderBudget.MaxCalls)
            throw new ChatTemplateException($"calls are nested more than {RenderBudget.MaxCalls} deep");
    }

    /// <summary>Binds the arguments, runs the body, returns its text.</summary>
    public StringValue CallMacro(MacroValue macro, Arguments arguments)
    {
        EnterCall();
        int line = _line;
        StringValue text = new(Capture(macro.Definition.Body, BindParameters(macro, arguments)));
        _line = line;
        _calls--;
        return text;
    }

    private Scope BindParameters(MacroValue macro, Arguments arguments)
    {
        MacroDefinition definition = macro.Definition;
        Scope scope = new(macro.Scope);
        Value?[] values = new Value?[definition.Parameters.Count];
        int count = Math.Min(values.Length, arguments.Positional.Length);
        Array.Copy(arguments.Positional, values, count);
        if (definition.TakesVarargs) scope.Set("varargs", new TupleValue(arguments.Positional[count..]));
        else if (count < arguments.Positional.Length)
            throw new ChatTemplateException($"macro '{definition.Name}' takes not more than {values.Length} arguments");

        DictValue surplus = new();
        Value? caller = null;
        foreach ((string name, Value value) in arguments.Named)
        {
            int index = definition.Parameters.IndexOf(name);
            if (index >= 0)
            {
                if (values[index] is not null)
                    throw new ChatTemplateException($"macro '{definition.Name}' is given '{name}' twice");
                values[index] = value;
            }
            else if (name == "caller" && definition.TakesCaller) caller = value;
            else if (definition.TakesKwargs) surplus.Items[new StringValue(name)] = value;
            else throw new ChatTemplateException($"macro '{definition.Name}' takes no keyword argument '{name}'");
        }

        if (definition.TakesKwargs) scope.Set("kwargs", surplus);
        if (definition.TakesCaller) scope.Set("caller", caller ?? new UndefinedValue("no caller is defined"));
        int firstDefault = values.Length - definition.Defaults.Count;
        for (int i = 0; i < values.Length; i++)
        {
            Value value = values[i] ?? (i >= firstDefault
                ? Evaluate(definition.Defaults[i - firstDefault], scope)
                : new UndefinedValue($"parameter '{definition.Parameters[i]}' was not provided"));
            scope.Set(definition.Parameters[i], value);
        }

        return scope;
    }
}
