using System.Diagnostics.CodeAnalysis;

namespace Engine.Text.Templates;

/// <summary>Equality of dict keys as Python has it: <c>1</c>, <c>1.0</c> and <c>true</c> are the same key.</summary>
/// <remarks>Tuples are keys only up to <see cref="MaxLeaves"/> items inside, so that comparing keys stays cheap
/// however a template nests them.</remarks>
internal sealed class KeyComparer : IEqualityComparer<Value>
{
    public static readonly KeyComparer Instance = new();

    private const int MaxLeaves = 64;

    private KeyComparer()
    {
    }

    public bool Equals(Value? x, Value? y) => ReferenceEquals(x, y) || (x, y) switch
    {
        (StringValue a, StringValue b) => a.Text == b.Text,
        (IntValue a, IntValue b) => a.Number == b.Number,
        (BigIntValue a, BigIntValue b) => a.Digits == b.Digits,
        (TupleValue a, TupleValue b) => TuplesEqual(a, b),
        _ => TryNumber(x, out double p) && TryNumber(y, out double q) && p == q,
    };

    public int GetHashCode([DisallowNull] Value value)
    {
        int leaves = 0;
        return Hash(value, ref leaves);
    }

    private static int Hash(Value value, ref int leaves)
    {
        if (++leaves > MaxLeaves) throw new ChatTemplateException("the tuple is too large for a dict key");
        switch (value)
        {
            case StringValue text: return text.Text.GetHashCode();
            case IntValue or FloatValue or BoolValue:
                TryNumber(value, out double number);
                return number.GetHashCode();
            case BigIntValue big: return big.Digits.GetHashCode();
            case TupleValue tuple:
                HashCode hash = default;
                foreach (Value item in tuple.Items) hash.Add(Hash(item, ref leaves));
                return hash.ToHashCode();
            case ListValue or DictValue:
                throw new ChatTemplateException($"unhashable type: '{value.TypeName}'");
            default: return System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(value);
        }
    }

    private bool TuplesEqual(TupleValue a, TupleValue b)
    {
        if (a.Items.Length != b.Items.Length) return false;
        for (int i = 0; i < a.Items.Length; i++)
        {
            if (!Equals(a.Items[i], b.Items[i])) return false;
        }

        return true;
    }

    private static bool TryNumber(Value? value, out double number)
    {
        number = value switch
        {
            IntValue i => i.Number,
            FloatValue f => f.Number,
            BoolValue b => b.IsTrue ? 1 : 0,
            _ => double.NaN,
        };
        return value is IntValue or FloatValue or BoolValue;
    }
}
