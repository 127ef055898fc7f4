namespace Engine.Attention;

/// <summary>What the positions of a block of slots say about its mask.</summary>
internal readonly unsafe struct SlotBlock
{
    private readonly int lowest;
    private readonly int highest;
    private readonly bool hasEmpty;

    /// <summary>Reads positions and copies them to <paramref name="copy"/>, filled up with −1.</summary>
    public SlotBlock(int* positions, int slots, int* copy, int copyLength)
    {
        Slots = slots;
        int low = int.MaxValue, high = -1;
        bool empty = slots % CacheRows.BlockElements != 0;
        for (int s = 0; s < slots; s++)
        {
            int position = positions[s];
            copy[s] = position;
            high = Math.Max(high, position);
            // As an unsigned number an empty slot is the largest of all.
            low = (int)Math.Min((uint)low, (uint)position);
            empty |= position < 0;
        }

        for (int s = slots; s < copyLength; s++) copy[s] = -1;
        lowest = low;
        highest = high;
        hasEmpty = empty;
    }

    public int Slots { get; }

    /// <summary>The first position that a row at <paramref name="position"/> sees.</summary>
    public static int Lowest(int position, int window) => window > 0 ? Math.Max(0, position - window + 1) : 0;

    /// <summary>False if no row at a position in [first, last] can see any slot of the block.</summary>
    public bool IsSeen(int first, int last, int window) =>
        highest >= 0 && lowest <= last && highest >= Lowest(first, window);

    /// <summary>True if every row at a position in [first, last] sees every slot.</summary>
    public bool IsWhollySeen(int first, int last, int window) =>
        !hasEmpty && highest <= first && lowest >= Lowest(last, window);
}
