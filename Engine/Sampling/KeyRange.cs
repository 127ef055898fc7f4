using System.Runtime.Intrinsics;

namespace Engine.Sampling;

/// <summary>Keys from <paramref name="Low"/> to below <paramref name="High"/>.</summary>
/// <param name="Low">−∞ if nothing is known.</param>
/// <param name="High">+∞ if nothing is known.</param>
/// <param name="WeightAbove">Sum of the weights whose keys are <paramref name="High"/> or more.</param>
internal readonly record struct KeyRange(float Low, float High, double WeightAbove)
{
    /// <summary>A narrow range that holds the key at which the weights, added from the largest key down, reach the
    /// target.</summary>
    /// <remarks>A pass over 50,000 keys takes some microseconds, moving one key in a selection nanoseconds; so first
    /// widen steps down from the top until the target lies above, then halve.</remarks>
    public static KeyRange Narrow(ReadOnlySpan<float> keys, ReadOnlySpan<float> weights, float top, double target)
    {
        const int Worthwhile = 256, Widenings = 12, Halvings = 8;
        var range = new KeyRange(float.NegativeInfinity, float.PositiveInfinity, 0);
        if (keys.Length <= Worthwhile) return range;
        float step = 1;
        for (int i = 0; i < Widenings && float.IsNegativeInfinity(range.Low); i++, step *= 2)
            range = range.Split(keys, weights, top - step, target);
        if (float.IsNegativeInfinity(range.Low)) return range;
        for (int i = 0; i < Halvings; i++)
        {
            float high = Math.Min(range.High, top);
            range = range.Split(keys, weights, range.Low + ((high - range.Low) / 2), target);
        }

        return range;
    }

    private KeyRange Split(ReadOnlySpan<float> keys, ReadOnlySpan<float> weights, float key, double target)
    {
        double above = Softmax.SumAbove(keys, weights, key);
        return above >= target ? this with { Low = key } : this with { High = key, WeightAbove = above };
    }
}
