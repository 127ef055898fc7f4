using Engine.Memory;

namespace Engine.Attention.Hyper;

/// <summary>Keys and values as the tiles read them: keys [tile][element][<see cref="TileSlots"/>], values
/// [slot][element].</summary>
internal sealed unsafe class PackedKeys : IDisposable
{
    /// <summary>Keys of a tile: four 512-bit vectors.</summary>
    public const int TileSlots = 64;

    private readonly AlignedBuffer<float> keys;
    private readonly AlignedBuffer<float> values;
    private readonly int keyElements;
    private readonly int valueElements;

    public PackedKeys(int capacity, int keyElements, int valueElements)
    {
        this.keyElements = keyElements;
        this.valueElements = valueElements;
        int padded = PaddedSlots(capacity);
        keys = new AlignedBuffer<float>((nint)padded * keyElements);
        values = new AlignedBuffer<float>((nint)padded * valueElements);
    }

    /// <summary>Whole tiles.</summary>
    public static int PaddedSlots(int count) => (count + TileSlots - 1) / TileSlots * TileSlots;

    /// <summary>The tile that begins with a slot.</summary>
    public float* Keys(int slot) => keys.Pointer + ((nint)slot * keyElements);

    /// <summary>The first slots.</summary>
    public TileSpan First(int count, int skipped = 0) =>
        new(keys.Pointer, values.Pointer) { Count = count, Skipped = skipped };

    public float* Values(int slot) => values.Pointer + ((nint)slot * valueElements);

    public void Dispose()
    {
        keys.Dispose();
        values.Dispose();
    }
}
