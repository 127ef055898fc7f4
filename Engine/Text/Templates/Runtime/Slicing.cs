namespace Engine.Text.Templates;

/// <summary>Python's slices.</summary>
internal static class Slicing
{
    public static Value Slice(Interpreter context, Value target, Value? start, Value? stop, Value? step)
    {
        long stride = Bound(step) ?? 1;
        if (stride == 0) throw new ChatTemplateException("slice step cannot be zero");
        switch (target)
        {
            case StringValue text: return SliceText(context, text, Bound(start), Bound(stop), stride);
            case ListValue list:
                return new ListValue([.. Pick(context, list.Items, Bound(start), Bound(stop), stride)]);
            case TupleValue tuple:
                return new TupleValue(Pick(context, tuple.Items, Bound(start), Bound(stop), stride));
            case RangeValue range:
                (long first, int count) = Resolve(range.Count, Bound(start), Bound(stop), stride);
                long begin = range.Start + (first * range.Step);
                return new RangeValue(begin, begin + (count * stride * range.Step), stride * range.Step, count);
            case UndefinedValue undefined: throw Interpreter.Undefined(undefined);
            default: throw new ChatTemplateException($"'{target.TypeName}' object cannot be sliced");
        }
    }

    private static long? Bound(Value? value)
    {
        if (value is null or NoneValue) return null;
        if (!Operators.TryInteger(value, out long bound))
            throw new ChatTemplateException("slice indices must be integers or none");

        // Sequences are shorter than 2^31; the clamp keeps sums of bounds from overflowing.
        return Math.Clamp(bound, -(1L << 40), 1L << 40);
    }

    /// <summary>First index and number of the items a slice takes.</summary>
    private static (long First, int Count) Resolve(int length, long? start, long? stop, long step)
    {
        long lowest = step > 0 ? 0 : -1;
        long highest = step > 0 ? length : length - 1;
        long first = Place(start, step > 0 ? lowest : highest);
        long last = Place(stop, step > 0 ? highest : lowest);
        long count = step > 0 ? (last - first + step - 1) / step : (first - last - step - 1) / -step;
        return (first, (int)Math.Max(count, 0));

        long Place(long? bound, long absent) => bound is not { } index
            ? absent
            : Math.Clamp(index < 0 ? index + length : index, lowest, highest);
    }

    private static Value[] Pick(Interpreter context, IReadOnlyList<Value> items, long? start, long? stop, long step)
    {
        (long first, int count) = Resolve(items.Count, start, stop, step);
        context.Budget.ChargeItems(count);
        Value[] picked = new Value[count];
        for (int i = 0; i < count; i++) picked[i] = items[(int)(first + (i * step))];
        return picked;
    }

    private static StringValue SliceText(Interpreter context, StringValue value, long? start, long? stop, long step)
    {
        string text = value.Text;
        int length = PythonString.Length(text);
        (long first, int count) = Resolve(length, start, stop, step);
        context.Budget.ChargeText(count);
        context.Budget.Step(text.Length / 64);
        if (count == 0) return new StringValue("", value.IsMarkup);
        if (step == 1)
        {
            int from = PythonString.OffsetOf(text, (int)first);
            int to = PythonString.OffsetOf(text, (int)first + count, from, (int)first);
            return new StringValue(text[from..to], value.IsMarkup);
        }

        int[] offsets = PythonString.Offsets(text, length);
        TextBuffer picked = new(context.Budget);
        for (int i = 0; i < count; i++)
        {
            int at = offsets[first + (i * step)];
            picked.Append(text.AsSpan(at, PythonString.LengthAt(text, at)));
        }

        return new StringValue(picked.ToString(), value.IsMarkup);
    }
}
