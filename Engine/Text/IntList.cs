namespace Engine.Text;

/// <summary>A growing list of integers that keeps its memory when cleared.</summary>
internal struct IntList
{
    private int[]? _items;

    public int Count { get; private set; }

    public readonly int this[int index] => _items![index];

    public void Add(int value)
    {
        if (_items is null || Count == _items.Length) Array.Resize(ref _items, Math.Max(64, Count * 2));
        _items![Count++] = value;
    }

    public void Clear() => Count = 0;

    public readonly Span<int> AsSpan() => _items.AsSpan(0, Count);
}
