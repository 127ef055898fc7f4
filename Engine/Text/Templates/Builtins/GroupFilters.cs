namespace Engine.Text.Templates;

/// <summary>Filters that cut a sequence into groups.</summary>
internal static class GroupFilters
{
    public static Value Batch(Interpreter context, Value input, Arguments arguments)
    {
        Value?[] given = arguments.Bind("batch", 1, "linecount", "fill_with");
        long size = Convert.Integer(given[0]!, "linecount");
        return new IteratorValue("generator", Run());

        IEnumerable<Value> Run()
        {
            List<Value> batch = [];
            foreach (Value item in context.Iterate(input))
            {
                if (batch.Count == size)
                {
                    yield return new ListValue(batch);
                    batch = [];
                }

                batch.Add(item);
            }

            if (batch.Count == 0) yield break;
            if (given[1] is { } fill and not NoneValue)
            {
                context.Budget.ChargeItems(Math.Max(size - batch.Count, 0));
                while (batch.Count < size) batch.Add(fill);
            }

            yield return new ListValue(batch);
        }
    }

    public static Value Slice(Interpreter context, Value input, Arguments arguments)
    {
        Value?[] given = arguments.Bind("slice", 1, "slices", "fill_with");
        long slices = Convert.Integer(given[0]!, "slices");
        return new IteratorValue("generator", Run());

        IEnumerable<Value> Run()
        {
            if (slices == 0) throw new ChatTemplateException("slice() cannot make 0 slices");
            List<Value> items = [.. context.Iterate(input)];
            long perSlice = items.Count / slices;
            long longer = items.Count % slices;
            int start = 0;
            for (long i = 0; i < slices; i++)
            {
                context.Budget.ChargeItems(4);
                int count = (int)(perSlice + (i < longer ? 1 : 0));
                List<Value> slice = items.GetRange(start, count);
                start += count;
                if (given[1] is { } fill and not NoneValue && i >= longer) slice.Add(fill);
                yield return new ListValue(slice);
            }
        }
    }

    public static Value GroupBy(Interpreter context, Value input, Arguments arguments)
    {
        Value?[] given = arguments.Bind("groupby", 1, "attribute", "default", "case_sensitive");
        bool caseSensitive = given[2]?.IsTrue ?? false;
        List<(Value Key, Value Shown, Value Item)> keyed = [];
        foreach (Value item in context.Iterate(input))
        {
            Value shown = Convert.GetPath(context, item, given[0], given[1]);
            Value key = !caseSensitive && shown is StringValue text
                ? new StringValue(PythonString.Lower(text.Text))
                : shown;
            keyed.Add((key, shown, item));
        }

        (Value Key, Value Shown, Value Item)[] sorted = [.. keyed];
        Comparison.Sort(sorted, (a, b) => Comparison.Order(context, a.Key, b.Key, "<") ?? 0);
        List<Value> groups = [];
        for (int i = 0; i < sorted.Length;)
        {
            int first = i;
            List<Value> members = [];
            for (; i < sorted.Length && context.AreEqual(sorted[i].Key, sorted[first].Key); i++)
                members.Add(sorted[i].Item);
            groups.Add(new GroupValue(sorted[first].Shown, new ListValue(members)));
            if (i == first) throw new ChatTemplateException("groupby() cannot group by NaN");
        }

        return new ListValue(groups);
    }
}
