using Engine.Isa;

namespace Engine.Attention;

/// <summary>What the positions of a block of slots say about its mask.</summary>
internal readonly unsafe struct SlotBlock
{
    private readonly int lowest;
    private readonly int highest;

    private SlotBlock(int slots, int lowest, int highest)
    {
        Slots = slots;
        this.lowest = lowest;
        this.highest = highest;
    }

    public int Slots { get; }

    /// <summary>Reads positions and copies them to <paramref name="copy"/>, filled up with −1.</summary>
    public static SlotBlock Read<W, V>(int* positions, int slots, int* copy, int copyLength)
        where W : struct, IFloatWords<V>
        where V : unmanaged
    {
        int s = 0, low = int.MaxValue, high = -1;
        if (slots >= W.Count)
        {
            V lowest = W.BroadcastInt(low), highest = W.BroadcastInt(high);
            for (; s <= slots - W.Count; s += W.Count)
            {
                V position = W.LoadInt(positions + s);
                W.Store(position, (float*)copy + s);
                lowest = W.SelectLessInt(position, lowest, position, lowest);
                highest = W.MaxInt(position, highest);
            }

            high = W.MaxIntAcross(highest);
            for (int lane = 0; lane < W.Count; lane++) low = Math.Min(low, ((int*)&lowest)[lane]);
        }

        for (; s < slots; s++)
        {
            copy[s] = positions[s];
            low = Math.Min(low, positions[s]);
            high = Math.Max(high, positions[s]);
        }

        for (; s < copyLength; s++) copy[s] = -1;
        return new SlotBlock(slots, low, high);
    }

    /// <summary>The first position that a row at <paramref name="position"/> sees.</summary>
    public static int Lowest(int position, int window) => window > 0 ? Math.Max(0, position - window + 1) : 0;

    /// <summary>False if no row at a position in [first, last] can see any slot of the block.</summary>
    public bool IsSeen(int first, int last, int window) =>
        highest >= 0 && lowest <= last && highest >= Lowest(first, window);

    /// <summary>True if every row at a position in [first, last] sees every slot.</summary>
    public bool IsWhollySeen(int first, int last, int window) =>
        lowest >= 0 && highest <= first && lowest >= Lowest(last, window);

    /// <summary>The slots from the first to the last that some row at a position in [first, last] may see, the first
    /// rounded down to a multiple of 4.</summary>
    public SlotRange Seen(int* positions, int first, int last, int window)
    {
        if (IsWhollySeen(first, last, window)) return new SlotRange(0, Slots);
        int begin = 0, end = Slots, low = Lowest(first, window);
        while (end > begin && (positions[end - 1] > last || positions[end - 1] < low)) end--;
        while (begin < end && (positions[begin] > last || positions[begin] < low)) begin++;
        return new SlotRange(begin / 4 * 4, end);
    }
}
