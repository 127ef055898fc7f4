namespace Engine.Formats.Encoding;

/// <summary>The integers that the codes of a format stand for, in ascending order.</summary>
internal readonly ref struct LevelSet
{
    private readonly ReadOnlySpan<sbyte> _table;

    /// <summary>Every integer of a range; code 0 is <paramref name="low"/>.</summary>
    public LevelSet(int low, int high)
    {
        Low = low;
        High = high;
    }

    /// <summary>An ascending table; the code is the index.</summary>
    public LevelSet(ReadOnlySpan<sbyte> table)
        : this(table[0], table[^1]) => _table = table;

    /// <summary>The lowest level.</summary>
    public int Low { get; }

    /// <summary>The highest level.</summary>
    public int High { get; }

    /// <summary>What a code stands for.</summary>
    public int Value(int code) => _table.IsEmpty ? Low + code : _table[code];

    /// <summary>The code of the level nearest to a value.</summary>
    public int Nearest(float value)
    {
        // The clamp comes before the conversion, so that infinities end at the ends; NaN becomes some valid code.
        float clamped = Math.Clamp(value, Low, High);
        if (_table.IsEmpty) return Math.Clamp((int)MathF.Round(clamped) - Low, 0, High - Low);

        int below = 0;
        int above = _table.Length - 1;
        while (above - below > 1)
        {
            int middle = (below + above) >> 1;
            if (_table[middle] <= clamped) below = middle;
            else above = middle;
        }

        return clamped - _table[below] <= _table[above] - clamped ? below : above;
    }
}
