namespace Engine.Attention.Hyper;

/// <summary>Keys and values as <see cref="PackedKeys"/> lays them out, from the beginning of a tile.</summary>
/// <param name="keys">The first tile; null = there are none.</param>
/// <param name="values">The value row of its first slot.</param>
internal readonly unsafe struct TileSpan(float* keys, float* values)
{
    public float* Keys => keys;

    public float* Values => values;

    /// <summary>Slots, the skipped ones included.</summary>
    public int Count { get; init; }

    /// <summary>First slots that do not count, less than a tile.</summary>
    public int Skipped { get; init; }
}
