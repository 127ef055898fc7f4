namespace Engine.Text.Templates;

internal sealed class ListValue(List<Value> items) : Value
{
    public List<Value> Items { get; } = items;

    public override string TypeName => "list";

    public override bool IsTrue => Items.Count > 0;
}

internal class TupleValue(params Value[] items) : Value
{
    public Value[] Items { get; } = items;

    public override string TypeName => "tuple";

    public override bool IsTrue => Items.Length > 0;
}

/// <summary>What <c>groupby</c> yields: a pair whose halves have names.</summary>
internal sealed class GroupValue(Value grouper, ListValue list) : TupleValue(grouper, list);

/// <summary>A dict: keeps the order of insertion.</summary>
internal sealed class DictValue : Value
{
    public OrderedDictionary<Value, Value> Items { get; } = new(KeyComparer.Instance);

    public override string TypeName => "dict";

    public override bool IsTrue => Items.Count > 0;
}

internal enum DictPart : byte
{
    Keys,
    Values,
    Items,
}

/// <summary>What <c>.keys()</c>, <c>.values()</c> and <c>.items()</c> return.</summary>
internal sealed class DictViewValue(DictValue dict, DictPart part) : Value
{
    public DictValue Dict { get; } = dict;

    public DictPart Part { get; } = part;

    public override string TypeName => Part switch
    {
        DictPart.Keys => "dict_keys",
        DictPart.Values => "dict_values",
        _ => "dict_items",
    };

    public override bool IsTrue => Dict.IsTrue;
}

/// <summary>What <c>range</c> returns.</summary>
internal sealed class RangeValue(long start, long stop, long step, int count) : Value
{
    public long Start { get; } = start;

    public long Stop { get; } = stop;

    public long Step { get; } = step;

    public int Count { get; } = count;

    public override string TypeName => "range";

    public override bool IsTrue => Count > 0;

    public IntValue this[int index] => new(Start + (index * Step));
}

/// <summary>A generator or iterator: it can be run through once.</summary>
internal sealed class IteratorValue(string typeName, IEnumerable<Value> source) : Value
{
    public override string TypeName => typeName;

    /// <summary>What is left of it.</summary>
    public IEnumerator<Value> Rest { get; } = source.GetEnumerator();
}

/// <summary>What <c>namespace()</c> returns: attributes that <c>set</c> may change from any scope.</summary>
internal sealed class NamespaceValue : Value
{
    public OrderedDictionary<string, Value> Attributes { get; } = [];

    public override string TypeName => "Namespace";
}
