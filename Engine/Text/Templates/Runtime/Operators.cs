namespace Engine.Text.Templates;

/// <summary>Python's arithmetic.</summary>
internal static class Operators
{
    public static Value Apply(Interpreter context, Operator operation, Value left, Value right)
    {
        if (left is UndefinedValue a) throw Interpreter.Undefined(a);
        if (right is UndefinedValue b && !(operation == Operator.Modulo && left is StringValue))
            throw Interpreter.Undefined(b);
        return operation switch
        {
            Operator.Add => Add(context, left, right),
            Operator.Multiply when Repeat(context, left, right) is { } repeated => repeated,
            Operator.Modulo when left is StringValue format => PercentFormat.Format(context, format, right),
            _ => Calculate(operation, left, right),
        };
    }

    /// <summary><c>+x</c> or <c>-x</c>.</summary>
    public static Value ApplySign(Value value, bool isNegative)
    {
        if (value is UndefinedValue undefined) throw Interpreter.Undefined(undefined);
        if (value is FloatValue real) return isNegative ? new FloatValue(-real.Number) : value;
        if (!TryInteger(value, out long number))
            throw new ChatTemplateException($"bad operand type for unary sign: '{value.TypeName}'");
        return isNegative ? Checked(() => checked(-number)) : new IntValue(number);
    }

    /// <summary>The integer that an int or a bool is.</summary>
    public static bool TryInteger(Value value, out long number)
    {
        number = value switch
        {
            IntValue i => i.Number,
            BoolValue b => b.IsTrue ? 1 : 0,
            _ => 0,
        };
        return value is IntValue or BoolValue;
    }

    /// <summary>The number that an int, a float or a bool is.</summary>
    public static bool TryNumber(Value value, out double number)
    {
        number = value is FloatValue real ? real.Number : TryInteger(value, out long integer) ? integer : 0;
        return value is FloatValue or IntValue or BoolValue;
    }

    /// <summary><c>left + right</c>.</summary>
    public static Value Add(Interpreter context, Value left, Value right)
    {
        switch (left, right)
        {
            case (StringValue a, StringValue b):
                if (a.IsMarkup || b.IsMarkup) return AddMarkup(context, a, b);
                context.Budget.ChargeText((long)a.Text.Length + b.Text.Length);
                return new StringValue(a.Text + b.Text);
            case (ListValue a, ListValue b):
                context.Budget.ChargeItems((long)a.Items.Count + b.Items.Count);
                return new ListValue([.. a.Items, .. b.Items]);
            case (TupleValue a, TupleValue b):
                context.Budget.ChargeItems((long)a.Items.Length + b.Items.Length);
                return new TupleValue([.. a.Items, .. b.Items]);
            default:
                return Calculate(Operator.Add, left, right);
        }
    }

    private static StringValue AddMarkup(Interpreter context, StringValue a, StringValue b)
    {
        string left = Html.EscapeUnlessMarkup(a);
        string right = Html.EscapeUnlessMarkup(b);
        context.Budget.ChargeText((long)left.Length + right.Length);
        return new StringValue(left + right, isMarkup: true);
    }

    private static Value? Repeat(Interpreter context, Value left, Value right)
    {
        (Value sequence, Value factor) = left is StringValue or ListValue or TupleValue ? (left, right) : (right, left);
        if (sequence is not (StringValue or ListValue or TupleValue)) return null;
        if (!TryInteger(factor, out long count)) return null;
        count = Math.Clamp(count, 0, int.MaxValue);
        switch (sequence)
        {
            case StringValue text:
                context.Budget.ChargeText(text.Text.Length * count);
                string repeated = text.Text.Length == 0 ? "" : string.Create(
                    text.Text.Length * (int)count, text.Text, static (span, unit) => Fill(span, unit.AsSpan()));
                return new StringValue(repeated, text.IsMarkup);
            case ListValue list:
                return new ListValue([.. RepeatItems(context, list.Items, count)]);
            default:
                return new TupleValue(RepeatItems(context, ((TupleValue)sequence).Items, count));
        }
    }

    private static void Fill<T>(Span<T> span, ReadOnlySpan<T> unit)
    {
        for (; span.Length > 0; span = span[unit.Length..]) unit.CopyTo(span);
    }

    private static Value[] RepeatItems(Interpreter context, IReadOnlyList<Value> unit, long count)
    {
        context.Budget.ChargeItems(unit.Count * count);
        Value[] items = new Value[unit.Count * count];
        for (int i = 0; i < items.Length; i++) items[i] = unit[i % unit.Count];
        return items;
    }

    private static Value Calculate(Operator operation, Value left, Value right)
    {
        if (TryInteger(left, out long a) && TryInteger(right, out long b) && operation != Operator.Divide)
            return CalculateInteger(operation, a, b);
        if (!TryNumber(left, out double x) || !TryNumber(right, out double y))
        {
            throw new ChatTemplateException(
                $"unsupported operand types for {Symbol(operation)}: '{left.TypeName}' and '{right.TypeName}'");
        }

        if (y == 0 && operation is (Operator.Divide or Operator.FloorDivide or Operator.Modulo))
            throw new ChatTemplateException("division by zero");
        return new FloatValue(operation switch
        {
            Operator.Add => x + y,
            Operator.Subtract => x - y,
            Operator.Multiply => x * y,
            Operator.Divide => x / y,
            Operator.FloorDivide => Math.Floor(x / y),
            Operator.Modulo => FloorModulo(x, y),
            _ => Power(x, y),
        });
    }

    private static Value CalculateInteger(Operator operation, long a, long b)
    {
        if (b == 0 && operation is (Operator.FloorDivide or Operator.Modulo))
            throw new ChatTemplateException("division by zero");
        switch (operation)
        {
            case Operator.Add: return Checked(() => checked(a + b));
            case Operator.Subtract: return Checked(() => checked(a - b));
            case Operator.Multiply: return Checked(() => checked(a * b));
            case Operator.FloorDivide when b == -1: return Checked(() => checked(-a));
            case Operator.FloorDivide: return new IntValue((a / b) - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0));
            case Operator.Modulo when b == -1: return IntValue.Zero;
            case Operator.Modulo: return new IntValue((a % b) + (a % b != 0 && (a < 0) != (b < 0) ? b : 0));
            default: return b < 0 ? new FloatValue(Power(a, b)) : Checked(() => IntegerPower(a, b));
        }
    }

    private static IntValue Checked(Func<long> calculate)
    {
        try
        {
            return new IntValue(calculate());
        }
        catch (OverflowException)
        {
            throw new ChatTemplateException("integers beyond 64 bits are not supported");
        }
    }

    private static long IntegerPower(long a, long b)
    {
        if (a is 0 or 1) return b == 0 ? 1 : a;
        if (a == -1) return b % 2 == 0 ? 1 : -1;
        if (b > 63) throw new OverflowException();
        long power = 1;
        for (long i = 0; i < b; i++) power = checked(power * a);
        return power;
    }

    private static double Power(double x, double y)
    {
        if (x == 0 && y < 0) throw new ChatTemplateException("0.0 cannot be raised to a negative power");
        double power = Math.Pow(x, y);
        if (double.IsNaN(power) && !double.IsNaN(x) && !double.IsNaN(y))
            throw new ChatTemplateException("complex numbers are not supported");
        if (double.IsInfinity(power) && double.IsFinite(x) && double.IsFinite(y))
            throw new ChatTemplateException("the result of ** is out of range");
        return power;
    }

    private static double FloorModulo(double x, double y)
    {
        double remainder = x % y;
        return remainder != 0 && (remainder < 0) != (y < 0) ? remainder + y : remainder;
    }

    private static string Symbol(Operator operation) => operation switch
    {
        Operator.Add => "+",
        Operator.Subtract => "-",
        Operator.Multiply => "*",
        Operator.Divide => "/",
        Operator.FloorDivide => "//",
        Operator.Modulo => "%",
        _ => "**",
    };
}
