namespace Engine.Sampling;

/// <summary>The place in an order where a running sum reaches a target, found without sorting: a quickselect that
/// throws away the side on which the place cannot lie, linear on average.</summary>
/// <remarks>The order is by key, largest first, then by id, smallest first, so it has no ties and the result does not
/// depend on how it was found.</remarks>
internal static class WeightedCut
{
    private const int SmallRange = 24;

    /// <summary>Finds the last element that is kept.</summary>
    /// <param name="keys">Reordered.</param>
    /// <param name="ids">Reordered alike.</param>
    /// <param name="weights">Not negative; reordered alike.</param>
    /// <param name="target">The sum to reach; the last element of all if they do not reach it.</param>
    public static (float Key, int Id) Find(Span<float> keys, Span<int> ids, Span<float> weights, double target)
    {
        int low = 0;
        int high = keys.Length;
        while (true)
        {
            if (high - low <= SmallRange) return FindSorted(keys, ids, weights, low, high, target);
            int place = Partition(keys, ids, weights, low, high, out double before);
            if (before >= target)
            {
                high = place;
                continue;
            }

            target -= before + weights[place];
            if (target <= 0 || place + 1 == high) return (keys[place], ids[place]);
            low = place + 1;
        }
    }

    /// <summary>True if the first comes before the second.</summary>
    public static bool Precedes(float key, int id, float otherKey, int otherId) =>
        key > otherKey || (key == otherKey && id < otherId);

    private static (float Key, int Id) FindSorted(
        Span<float> keys, Span<int> ids, Span<float> weights, int low, int high, double target)
    {
        for (int i = low; i < high; i++)
        {
            int best = i;
            for (int j = i + 1; j < high; j++)
            {
                if (Precedes(keys[j], ids[j], keys[best], ids[best])) best = j;
            }

            Swap(keys, ids, weights, i, best);
            target -= weights[i];
            if (target <= 0) return (keys[i], ids[i]);
        }

        return (keys[high - 1], ids[high - 1]);
    }

    /// <summary>Moves what precedes a pivot before it; returns its place and the weight before it.</summary>
    private static int Partition(
        Span<float> keys, Span<int> ids, Span<float> weights, int low, int high, out double before)
    {
        // The median of three goes to the end and waits there.
        int last = high - 1;
        int middle = low + ((last - low) / 2);
        if (Precedes(keys[middle], ids[middle], keys[low], ids[low])) Swap(keys, ids, weights, low, middle);
        if (Precedes(keys[last], ids[last], keys[low], ids[low])) Swap(keys, ids, weights, low, last);
        if (Precedes(keys[middle], ids[middle], keys[last], ids[last])) Swap(keys, ids, weights, middle, last);
        (float pivot, int pivotId) = (keys[last], ids[last]);
        before = 0;
        int place = low;
        for (int i = low; i < last; i++)
        {
            if (!Precedes(keys[i], ids[i], pivot, pivotId)) continue;
            before += weights[i];
            Swap(keys, ids, weights, i, place++);
        }

        Swap(keys, ids, weights, place, last);
        return place;
    }

    private static void Swap(Span<float> keys, Span<int> ids, Span<float> weights, int a, int b)
    {
        (keys[a], keys[b]) = (keys[b], keys[a]);
        (ids[a], ids[b]) = (ids[b], ids[a]);
        (weights[a], weights[b]) = (weights[b], weights[a]);
    }
}
