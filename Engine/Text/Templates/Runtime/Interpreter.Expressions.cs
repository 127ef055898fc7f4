namespace Engine.Text.Templates;

/// <summary>The half that evaluates expressions.</summary>
internal sealed partial class Interpreter
{
    private readonly DateTime? _now;

    /// <summary>The time that the template sees.</summary>
    public DateTime Now => _now ?? DateTime.Now;

    private Value Evaluate(Expression expression, Scope scope)
    {
        if (expression is ConstantExpression constant) return constant.Value;
        Budget.Enter();
        Budget.Step();
        _line = expression.Line;
        Value value = expression switch
        {
            NameExpression name => FindName(name.Name, scope),
            AttributeExpression attribute =>
                Attributes.GetAttribute(this, Evaluate(attribute.Target, scope), attribute.Name),
            ItemExpression item =>
                Attributes.GetItem(this, Evaluate(item.Target, scope), Evaluate(item.Index, scope)),
            SliceExpression slice => EvaluateSlice(slice, scope),
            BinaryExpression binary => Operators.Apply(
                this, binary.Operation, Evaluate(binary.Left, scope), Evaluate(binary.Right, scope)),
            CompareExpression compare => EvaluateCompare(compare, scope),
            LogicalExpression logical => EvaluateLogical(logical, scope),
            NotExpression not => BoolValue.Of(!Evaluate(not.Operand, scope).IsTrue),
            TestExpression test => BoolValue.Of(EvaluateTest(test, scope)),
            FilterExpression filter => ApplyFilter(filter, Evaluate(filter.Input!, scope), scope),
            CallExpression call => Call(Evaluate(call.Callee, scope), Evaluate(call.Arguments, scope)),
            ConcatExpression concat => EvaluateConcat(concat, scope),
            ConditionalExpression conditional => EvaluateConditional(conditional, scope),
            SignExpression sign => Operators.ApplySign(Evaluate(sign.Operand, scope), sign.IsNegative),
            ListExpression list => EvaluateList(list, scope),
            DictExpression dict => EvaluateDict(dict, scope),
            _ => throw new ChatTemplateException("unknown expression"),
        };
        Budget.Leave();
        return value;
    }

    private static Value FindName(string name, Scope scope) =>
        scope.Find(name) ?? Globals.Find(name) ?? new UndefinedValue($"'{name}' is undefined");

    private Value EvaluateSlice(SliceExpression slice, Scope scope)
    {
        Value target = Evaluate(slice.Target, scope);
        Value? start = slice.Start is null ? null : Evaluate(slice.Start, scope);
        Value? stop = slice.Stop is null ? null : Evaluate(slice.Stop, scope);
        Value? step = slice.Step is null ? null : Evaluate(slice.Step, scope);
        return Slicing.Slice(this, target, start, stop, step);
    }

    private BoolValue EvaluateCompare(CompareExpression compare, Scope scope)
    {
        Value left = Evaluate(compare.First, scope);
        foreach ((Operator operation, Expression operand) in compare.Rest)
        {
            Value right = Evaluate(operand, scope);
            if (!Comparison.Holds(this, operation, left, right)) return BoolValue.False;
            left = right;
        }

        return BoolValue.True;
    }

    private Value EvaluateLogical(LogicalExpression logical, Scope scope)
    {
        Value left = Evaluate(logical.Left, scope);
        return left.IsTrue == logical.IsAnd ? Evaluate(logical.Right, scope) : left;
    }

    private bool EvaluateTest(TestExpression test, Scope scope)
    {
        Value input = Evaluate(test.Input, scope);
        if (test.Function is null) throw new ChatTemplateException($"no test named '{test.Name}'");
        return test.Function(this, input, Evaluate(test.Arguments, scope));
    }

    private Value ApplyFilter(FilterExpression filter, Value text, Scope scope)
    {
        // In a block's chain the text enters at the innermost filter; in an expression Input is evaluated already.
        Value input = filter.Input is FilterExpression { } inner && IsBlockChain(inner)
            ? ApplyFilter(inner, text, scope)
            : text;
        if (filter.Function is null) throw new ChatTemplateException($"no filter named '{filter.Name}'");
        return filter.Function(this, input, Evaluate(filter.Arguments, scope));
    }

    private static bool IsBlockChain(FilterExpression filter)
    {
        while (filter.Input is FilterExpression inner) filter = inner;
        return filter.Input is null;
    }

    private StringValue EvaluateConcat(ConcatExpression concat, Scope scope)
    {
        TextBuffer text = new(Budget);
        foreach (Expression part in concat.Parts) PythonText.Write(this, text, Evaluate(part, scope));
        return new StringValue(text.ToString());
    }

    private Value EvaluateConditional(ConditionalExpression conditional, Scope scope)
    {
        if (Evaluate(conditional.Condition, scope).IsTrue) return Evaluate(conditional.Then, scope);
        return conditional.Otherwise is { } otherwise
            ? Evaluate(otherwise, scope)
            : new UndefinedValue("the inline if-expression is false and has no else");
    }

    private Value EvaluateList(ListExpression list, Scope scope)
    {
        Value[] items = new Value[list.Items.Length];
        for (int i = 0; i < items.Length; i++) items[i] = Evaluate(list.Items[i], scope);
        return list.IsTuple ? new TupleValue(items) : new ListValue([.. items]);
    }

    private DictValue EvaluateDict(DictExpression dict, Scope scope)
    {
        DictValue value = new();
        for (int i = 0; i < dict.Keys.Length; i++)
            value.Items[Evaluate(dict.Keys[i], scope)] = Evaluate(dict.Values[i], scope);
        return value;
    }

    private Arguments Evaluate(ArgumentList list, Scope scope)
    {
        if (list == ArgumentList.Empty) return Arguments.None;
        List<Value> positional = new(list.Positional.Count);
        foreach (Expression argument in list.Positional) positional.Add(Evaluate(argument, scope));
        if (list.Spread is { } spread) positional.AddRange(Iterate(Evaluate(spread, scope)));
        List<KeyValuePair<string, Value>> named = new(list.Named.Count);
        foreach ((string name, Expression value) in list.Named) named.Add(new(name, Evaluate(value, scope)));
        if (list.NamedSpread is { } namedSpread)
        {
            if (Evaluate(namedSpread, scope) is not DictValue dict)
                throw new ChatTemplateException("the argument after ** must be a mapping");
            foreach ((Value key, Value value) in dict.Items)
            {
                if (key is not StringValue name) throw new ChatTemplateException("keywords must be strings");
                named.Add(new(name.Text, value));
            }
        }

        return new Arguments([.. positional], [.. named]);
    }

    /// <summary>Calls a macro, function or method.</summary>
    public Value Call(Value callee, Arguments arguments) => callee switch
    {
        ObjectValue callable => callable.Call(this, arguments),
        UndefinedValue undefined => throw Undefined(undefined),
        _ => throw new ChatTemplateException($"'{callee.TypeName}' object is not callable"),
    };

    /// <summary>The error that using an undefined value makes.</summary>
    public static ChatTemplateException Undefined(UndefinedValue value) => new(value.Reason);

    /// <summary>Equality as <c>==</c> has it.</summary>
    public bool AreEqual(Value a, Value b) => Comparison.AreEqual(this, a, b);

    /// <summary>The text that <c>str()</c> makes.</summary>
    public string Text(Value value)
    {
        if (value is StringValue text) return text.Text;
        TextBuffer buffer = new(Budget);
        PythonText.Write(this, buffer, value);
        return buffer.ToString();
    }

    /// <summary>The items that <c>for</c> visits.</summary>
    /// <exception cref="ChatTemplateException">The value is not iterable.</exception>
    public IEnumerable<Value> Iterate(Value value) => value switch
    {
        ListValue list => Iterate(list.Items),
        TupleValue tuple => Iterate(tuple.Items),
        DictValue dict => Iterate(dict, DictPart.Keys),
        DictViewValue view => Iterate(view.Dict, view.Part),
        StringValue text => Iterate(text.Text),
        RangeValue range => Iterate(range),
        IteratorValue iterator => Iterate(iterator),
        UndefinedValue => [],
        _ => throw new ChatTemplateException($"'{value.TypeName}' object is not iterable"),
    };

    // By index and not with an enumerator: the body may append to the list it runs over.
    private IEnumerable<Value> Iterate(IReadOnlyList<Value> items)
    {
        for (int i = 0; i < items.Count; i++)
        {
            Budget.Step();
            yield return items[i];
        }
    }

    private IEnumerable<Value> Iterate(DictValue dict, DictPart part)
    {
        foreach ((Value key, Value value) in dict.Items)
        {
            Budget.Step();
            yield return part switch
            {
                DictPart.Keys => key,
                DictPart.Values => value,
                _ => new TupleValue(key, value),
            };
        }
    }

    private IEnumerable<Value> Iterate(string text)
    {
        for (int i = 0; i < text.Length;)
        {
            Budget.Step();
            int length = PythonString.LengthAt(text, i);
            yield return new StringValue(text.Substring(i, length));
            i += length;
        }
    }

    private IEnumerable<Value> Iterate(RangeValue range)
    {
        for (int i = 0; i < range.Count; i++)
        {
            Budget.Step();
            yield return range[i];
        }
    }

    private IEnumerable<Value> Iterate(IteratorValue iterator)
    {
        while (iterator.Rest.MoveNext())
        {
            Budget.Step();
            yield return iterator.Rest.Current;
        }
    }
}
