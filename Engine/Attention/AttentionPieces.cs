namespace Engine.Attention;

/// <summary>How the slots of a ring are cut into pieces that workers attend to separately.</summary>
/// <remarks>Where pieces begin depends on nothing, so a row's result has the same bits at any number of threads, beside
/// any other rows and at any depth. Pieces of 512 slots are enough work (5 µs and more) to hand out; from 16,384 slots
/// on they grow by a factor of two every 16 pieces, so that a million slots are 128 pieces.</remarks>
internal static class AttentionPieces
{
    /// <summary>Slots in the first pieces; a multiple of every kernel's block.</summary>
    public const int Slots = 512;

    private const int PerOctave = 16;

    /// <summary>First slot of a piece.</summary>
    public static int Begin(int piece)
    {
        if (piece < 2 * PerOctave) return piece * Slots;
        long begin = (long)(PerOctave + (piece % PerOctave)) * Slots << ((piece / PerOctave) - 1);
        return (int)Math.Min(begin, int.MaxValue);
    }

    /// <summary>Pieces that cover slots [0, <paramref name="end"/>).</summary>
    public static int Count(int end)
    {
        int units = (end / Slots) + (end % Slots == 0 ? 0 : 1);
        if (units <= 2 * PerOctave) return units;
        int octave = int.Log2((end - 1) / Slots / PerOctave);
        return (PerOctave * octave) + ((end - 1) / (Slots << octave)) + 1;
    }

    /// <summary>The part of a piece in which all its slots of two ranges lie, beginning at a whole vector, so that a
    /// slot is in the same lane wherever the range begins; empty if there are none.</summary>
    public static SlotRange Within(int piece, SlotRange first, SlotRange second)
    {
        int begin = Begin(piece), end = Begin(piece + 1);
        int low = end, high = begin;
        foreach (SlotRange range in (ReadOnlySpan<SlotRange>)[first, second])
        {
            if (range.Begin >= Math.Min(end, range.End) || range.End <= begin) continue;
            low = Math.Min(low, Math.Max(begin, range.Begin));
            high = Math.Max(high, Math.Min(end, range.End));
        }

        return low < high ? new SlotRange(low / CacheRows.BlockElements * CacheRows.BlockElements, high) : default;
    }
}
