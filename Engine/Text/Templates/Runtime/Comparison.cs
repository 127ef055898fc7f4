namespace Engine.Text.Templates;

/// <summary>Python's comparisons.</summary>
internal static class Comparison
{
    public static bool Holds(Interpreter context, Operator operation, Value left, Value right) => operation switch
    {
        Operator.Equal => AreEqual(context, left, right),
        Operator.NotEqual => !AreEqual(context, left, right),
        Operator.In => Contains(context, right, left),
        Operator.NotIn => !Contains(context, right, left),
        Operator.Less => Order(context, left, right, "<") is < 0,
        Operator.LessOrEqual => Order(context, left, right, "<=") is <= 0,
        Operator.Greater => Order(context, left, right, ">") is > 0,
        _ => Order(context, left, right, ">=") is >= 0,
    };

    public static bool AreEqual(Interpreter context, Value a, Value b)
    {
        context.Budget.Step();
        if (ReferenceEquals(a, b)) return a is not FloatValue f || !double.IsNaN(f.Number);
        switch (a, b)
        {
            case (StringValue x, StringValue y): return x.Text == y.Text;
            case (UndefinedValue, UndefinedValue): return true;
            case (ListValue x, ListValue y): return SequencesEqual(context, x.Items, y.Items);
            case (TupleValue x, TupleValue y): return SequencesEqual(context, x.Items, y.Items);
            case (DictValue x, DictValue y): return DictsEqual(context, x, y);
            case (RangeValue x, RangeValue y):
                return x.Count == y.Count
                    && (x.Count == 0 || (x.Start == y.Start && (x.Count == 1 || x.Step == y.Step)));
            case (FunctionValue x, FunctionValue y):
                return x.Name == y.Name && ReferenceEquals(x.Subject, y.Subject);
            default: return KeyComparer.Instance.Equals(a, b);
        }
    }

    private static bool SequencesEqual(Interpreter context, IReadOnlyList<Value> a, IReadOnlyList<Value> b)
    {
        if (a.Count != b.Count) return false;
        context.Budget.Enter();
        bool areEqual = true;
        for (int i = 0; areEqual && i < a.Count; i++) areEqual = AreEqual(context, a[i], b[i]);
        context.Budget.Leave();
        return areEqual;
    }

    private static bool DictsEqual(Interpreter context, DictValue a, DictValue b)
    {
        if (a.Items.Count != b.Items.Count) return false;
        context.Budget.Enter();
        bool areEqual = true;
        foreach ((Value key, Value value) in a.Items)
        {
            areEqual = b.Items.TryGetValue(key, out Value? other) && AreEqual(context, value, other);
            if (!areEqual) break;
        }

        context.Budget.Leave();
        return areEqual;
    }

    /// <summary><c>item in container</c>.</summary>
    public static bool Contains(Interpreter context, Value container, Value item)
    {
        switch (container)
        {
            case StringValue text:
                if (item is UndefinedValue undefined) throw Interpreter.Undefined(undefined);
                if (item is not StringValue part)
                    throw new ChatTemplateException($"'in <string>' requires a string, not '{item.TypeName}'");
                context.Budget.Step(text.Text.Length / 64);
                return text.Text.Contains(part.Text, StringComparison.Ordinal);
            case DictValue dict:
                return dict.Items.ContainsKey(item);
            case NamespaceValue or NoneValue or ObjectValue or BoolValue or IntValue or FloatValue or BigIntValue:
                throw new ChatTemplateException($"argument of type '{container.TypeName}' is not iterable");
            default:
                foreach (Value candidate in context.Iterate(container))
                {
                    if (AreEqual(context, candidate, item)) return true;
                }

                return false;
        }
    }

    /// <summary>Negative, zero or positive as <paramref name="a"/> sorts before, with or after
    /// <paramref name="b"/>; null if they are numbers without order (NaN).</summary>
    /// <exception cref="ChatTemplateException">The types have no order.</exception>
    public static int? Order(Interpreter context, Value a, Value b, string symbol)
    {
        context.Budget.Step();
        switch (a, b)
        {
            case (StringValue x, StringValue y):
                return PythonString.Compare(x.Text, y.Text);
            case (ListValue x, ListValue y):
                return OrderSequences(context, x.Items, y.Items, symbol);
            case (TupleValue x, TupleValue y):
                return OrderSequences(context, x.Items, y.Items, symbol);
            case (UndefinedValue x, _): throw Interpreter.Undefined(x);
            case (_, UndefinedValue y): throw Interpreter.Undefined(y);
        }

        if (Operators.TryInteger(a, out long i) && Operators.TryInteger(b, out long j)) return i.CompareTo(j);
        if (!Operators.TryNumber(a, out double p) || !Operators.TryNumber(b, out double q))
        {
            throw new ChatTemplateException(
                $"'{symbol}' not supported between instances of '{a.TypeName}' and '{b.TypeName}'");
        }

        return double.IsNaN(p) || double.IsNaN(q) ? null : p.CompareTo(q);
    }

    private static int? OrderSequences(
        Interpreter context, IReadOnlyList<Value> a, IReadOnlyList<Value> b, string symbol)
    {
        context.Budget.Enter();
        int? order = a.Count.CompareTo(b.Count);
        for (int i = 0; i < a.Count && i < b.Count; i++)
        {
            if (AreEqual(context, a[i], b[i])) continue;
            order = Order(context, a[i], b[i], symbol);
            break;
        }

        context.Budget.Leave();
        return order;
    }

    /// <summary>Sorts stably, merging from the bottom: unlike the library's sort it keeps equal items in place and lets
    /// the comparison throw.</summary>
    public static void Sort<T>(T[] items, Comparison<T> compare)
    {
        T[] merged = new T[items.Length];
        for (int width = 1; width < items.Length; width *= 2)
        {
            for (int start = 0; start < items.Length; start += 2 * width)
            {
                int middle = Math.Min(start + width, items.Length);
                int end = Math.Min(start + (2 * width), items.Length);
                int left = start;
                int right = middle;
                for (int i = start; i < end; i++)
                {
                    bool takesLeft = left < middle && (right >= end || compare(items[right], items[left]) >= 0);
                    merged[i] = takesLeft ? items[left++] : items[right++];
                }
            }

            merged.CopyTo(items, 0);
        }
    }
}
