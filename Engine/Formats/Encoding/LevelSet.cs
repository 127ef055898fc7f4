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

    /// <summary>An ascending table of 2…16 levels; the code is the index.</summary>
    public LevelSet(ReadOnlySpan<sbyte> table)
        : this(table[0], table[^1]) => _table = table;

    /// <summary>The lowest level.</summary>
    public int Low { get; }

    /// <summary>The highest level.</summary>
    public int High { get; }

    /// <summary>The level of largest magnitude, the lower one of equals.</summary>
    public int Outermost => -Low >= High ? Low : High;

    /// <summary>Mean distance of two neighbours.</summary>
    public float Step => _table.IsEmpty ? 1 : (float)(High - Low) / (_table.Length - 1);

    /// <summary>What a code stands for.</summary>
    public int Value(int code) => _table.IsEmpty ? Low + code : _table[code];

    /// <summary>The code of the level nearest to a value.</summary>
    public int Nearest(float value)
    {
        // The conversion saturates, so that infinities end at the ends; NaN becomes some valid code.
        if (_table.IsEmpty) return Math.Clamp((int)MathF.Round(value), Low, High) - Low;

        // The code is the number of boundaries below; halving steps find it without branches to mispredict.
        int code = 0;
        float doubled = value + value;
        for (int step = 8; step > 0; step >>= 1)
        {
            int above = Math.Min(code + step, _table.Length - 1);
            code = doubled > _table[above - 1] + _table[above] ? above : code;
        }

        return code;
    }
}
