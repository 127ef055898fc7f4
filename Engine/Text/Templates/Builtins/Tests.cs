namespace Engine.Text.Templates;

/// <summary>The tests by name.</summary>
internal static class Tests
{
    /// <summary>The test, or null if there is none of that name.</summary>
    public static Test? Find(string name) => name switch
    {
        "boolean" => static (_, v, a) => Plain(a) && v is BoolValue,
        "callable" => static (_, v, a) => Plain(a) && v is (UndefinedValue or ObjectValue { IsCallable: true }),
        "defined" => static (_, v, a) => Plain(a) && v is not UndefinedValue,
        "undefined" => static (_, v, a) => Plain(a) && v is UndefinedValue,
        "none" => static (_, v, a) => Plain(a) && v is NoneValue,
        "true" => static (_, v, a) => Plain(a) && v == BoolValue.True,
        "false" => static (_, v, a) => Plain(a) && v == BoolValue.False,
        "string" => static (_, v, a) => Plain(a) && v is StringValue,
        "number" => static (_, v, a) => Plain(a) && v is (IntValue or BigIntValue or FloatValue or BoolValue),
        "integer" => static (_, v, a) => Plain(a) && v is (IntValue or BigIntValue),
        "float" => static (_, v, a) => Plain(a) && v is FloatValue,
        "mapping" => static (_, v, a) => Plain(a) && v is DictValue,
        "iterable" => static (_, v, a) => Plain(a) && IsIterable(v),
        "sequence" => static (_, v, a) => Plain(a) && IsSequence(v),
        "escaped" => static (_, v, a) => Plain(a) && v is StringValue { IsMarkup: true },
        "lower" => static (c, v, a) => Plain(a) && StringMethods.HasCase(c.Text(v), isUpper: false),
        "upper" => static (c, v, a) => Plain(a) && StringMethods.HasCase(c.Text(v), isUpper: true),
        "even" => static (_, v, a) => Plain(a) && Remainder(v, 2) == 0,
        "odd" => static (_, v, a) => Plain(a) && Remainder(v, 2) == 1,
        "divisibleby" => static (_, v, a) => Remainder(v, Convert.Integer(Other(a), "num")) == 0,
        "filter" => static (_, v, a) => Plain(a) && v is StringValue text && Filters.Find(text.Text) is not null,
        "test" => static (_, v, a) => Plain(a) && v is StringValue text && Find(text.Text) is not null,
        "sameas" => static (_, v, a) => IsSame(v, Other(a)),
        "in" => static (c, v, a) => Comparison.Contains(c, Other(a), v),
        "eq" or "equalto" or "==" => static (c, v, a) => c.AreEqual(v, Other(a)),
        "ne" or "!=" => static (c, v, a) => !c.AreEqual(v, Other(a)),
        "lt" or "lessthan" or "<" => static (c, v, a) => Comparison.Holds(c, Operator.Less, v, Other(a)),
        "le" or "<=" => static (c, v, a) => Comparison.Holds(c, Operator.LessOrEqual, v, Other(a)),
        "gt" or "greaterthan" or ">" => static (c, v, a) => Comparison.Holds(c, Operator.Greater, v, Other(a)),
        "ge" or ">=" => static (c, v, a) => Comparison.Holds(c, Operator.GreaterOrEqual, v, Other(a)),
        _ => null,
    };

    /// <summary>Always true; throws if arguments are given to a test that takes none.</summary>
    private static bool Plain(Arguments arguments)
    {
        arguments.Bind("the test", 0);
        return true;
    }

    private static Value Other(Arguments arguments) => arguments.Bind("the test", 1, "other")[0]!;

    private static bool IsIterable(Value value) => value
        is StringValue or ListValue or TupleValue or DictValue or DictViewValue or RangeValue or IteratorValue
        or UndefinedValue or LoopValue;

    private static bool IsSequence(Value value) => value
        is StringValue or ListValue or TupleValue or DictValue or RangeValue or UndefinedValue;

    private static double Remainder(Value value, long divisor)
    {
        if (divisor == 0) throw new ChatTemplateException("modulo by zero");
        double number = Convert.Number(value, "the tested value");
        if (Operators.TryInteger(value, out long integer)) return Math.Abs(divisor == -1 ? 0 : integer % divisor);
        double remainder = number % divisor;
        return remainder < 0 ? remainder + Math.Abs(divisor) : remainder;
    }

    /// <summary>Identity; small integers and equal texts are commonly one object in Python.</summary>
    private static bool IsSame(Value a, Value b) => ReferenceEquals(a, b) || (a, b) switch
    {
        (IntValue x, IntValue y) => x.Number == y.Number,
        (StringValue x, StringValue y) => x.Text == y.Text && x.IsMarkup == y.IsMarkup,
        _ => false,
    };
}
