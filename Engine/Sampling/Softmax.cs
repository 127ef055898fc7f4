using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Sampling;

/// <summary>Weights of a softmax, the same bits on every machine.</summary>
/// <remarks>Only operations that IEEE 754 defines exactly, in a fixed order of eight lanes, which .NET carries out in
/// software where the processor has less: so a seed gives the same tokens everywhere. Buffers are whole vectors.
/// </remarks>
internal static class Softmax
{
    public const int Lanes = 8;

    private const int Block = 1024;

    /// <summary>Length of a buffer that holds <paramref name="count"/> values in whole vectors.</summary>
    public static int PaddedLength(int count) => (count + Lanes - 1) & -Lanes;

    /// <summary>Largest of whole vectors; −∞ if there is none.</summary>
    public static float Max(ReadOnlySpan<float> values)
    {
        Vector256<float> maxima = Vector256.Create(float.NegativeInfinity);
        for (int i = 0; i < values.Length; i += Lanes) maxima = Vector256.Max(maxima, Vector256.Create(values[i..]));
        float max = float.NegativeInfinity;
        for (int lane = 0; lane < Lanes; lane++) max = Math.Max(max, maxima[lane]);
        return max;
    }

    /// <summary>Index of the first of the largest values that are above −∞; −1 if there is none. NaN is none.</summary>
    public static int IndexOfMax(ReadOnlySpan<float> values)
    {
        int best = -1;
        float max = float.NegativeInfinity;
        int i = 0;
        for (; i <= values.Length - Lanes; i += Lanes)
        {
            // Comparisons with NaN are false. Few vectors hold a new maximum, so the inner loop hardly runs.
            if (!Vector256.GreaterThanAny(Vector256.Create(values[i..]), Vector256.Create(max))) continue;
            for (int lane = i; lane < i + Lanes; lane++)
            {
                if (values[lane] > max) (max, best) = (values[lane], lane);
            }
        }

        for (; i < values.Length; i++)
        {
            if (values[i] > max) (max, best) = (values[i], i);
        }

        return best;
    }

    /// <summary>weights[i] = exp((logits[i] − max) · scale), for logits up to max.</summary>
    /// <returns>Their sum.</returns>
    public static double Exponentiate(ReadOnlySpan<float> logits, Span<float> weights, float max, float scale)
    {
        Debug.Assert(logits.Length % Lanes == 0 && weights.Length == logits.Length);
        Vector256<float> maxima = Vector256.Create(max);
        Vector256<float> scales = Vector256.Create(scale);
        for (int i = 0; i < logits.Length; i += Lanes)
            Exp((Vector256.Create(logits[i..]) - maxima) * scales).CopyTo(weights[i..]);
        return Sum(weights);
    }

    /// <summary>Sum of whole vectors; block after block in double, so that long tails are not lost.</summary>
    public static double Sum(ReadOnlySpan<float> weights)
    {
        double total = 0;
        for (int start = 0; start < weights.Length; start += Block)
            total += SumBlock(weights[start..Math.Min(start + Block, weights.Length)]);
        return total;
    }

    /// <summary>Sum of the weights whose keys are at least <paramref name="least"/>.</summary>
    public static double SumAbove(ReadOnlySpan<float> keys, ReadOnlySpan<float> weights, float least)
    {
        double total = 0;
        Vector256<float> bound = Vector256.Create(least);
        for (int start = 0; start < keys.Length; start += Block)
        {
            Vector256<float> sums = Vector256<float>.Zero;
            int end = Math.Min(start + Block, keys.Length);
            for (int i = start; i < end; i += Lanes)
            {
                Vector256<float> above = Vector256.GreaterThanOrEqual(Vector256.Create(keys[i..]), bound);
                sums += above & Vector256.Create(weights[i..]);
            }

            total += SumLanes(sums);
        }

        return total;
    }

    /// <summary>Index of the weight in which a point of [0, sum) falls when they are laid end to end.</summary>
    public static int Locate(ReadOnlySpan<float> weights, double point)
    {
        for (int start = 0; start < weights.Length; start += Block)
        {
            ReadOnlySpan<float> block = weights[start..Math.Min(start + Block, weights.Length)];
            double sum = SumBlock(block);
            if (point >= sum)
            {
                point -= sum;
                continue;
            }

            int last = 0;
            for (int i = 0; i < block.Length; i++)
            {
                if (block[i] <= 0) continue;
                last = start + i;
                if (point < block[i]) return last;
                point -= block[i];
            }

            // The block's sum was rounded otherwise: a point just behind its end belongs to its last weight.
            return last;
        }

        return weights.LastIndexOfAnyExcept(0f);
    }

    private static double SumBlock(ReadOnlySpan<float> block)
    {
        Vector256<float> sums = Vector256<float>.Zero;
        for (int i = 0; i < block.Length; i += Lanes) sums += Vector256.Create(block[i..]);
        return SumLanes(sums);
    }

    private static double SumLanes(Vector256<float> sums)
    {
        // Lane by lane: Vector256.Sum leaves the order to the processor.
        double total = 0;
        for (int lane = 0; lane < Lanes; lane++) total += sums[lane];
        return total;
    }

    /// <summary>e^x for x ≤ 0, relative error below 4e−7; 0 below −87 and for NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Exp(Vector256<float> x)
    {
        // x = n·ln 2 + r with |r| ≤ ln 2 / 2; ln 2 in two parts, the first with so few bits that n times it is exact.
        const float Log2E = 1.44269504f, Ln2High = 0.693359375f, Ln2Low = -2.12194440e-4f;
        Vector256<float> inRange = Vector256.GreaterThan(x, Vector256.Create(-87f));
        x = Vector256.ConditionalSelect(inRange, x, Vector256<float>.Zero);
        Vector256<float> n = Vector256.Floor((x * Log2E) + Vector256.Create(0.5f));
        Vector256<float> r = x - (n * Ln2High) - (n * Ln2Low);

        // Taylor's series to r^7 / 5040: the next term is below 6e−9.
        Vector256<float> sum = Vector256.Create(1f / 5040);
        sum = (sum * r) + Vector256.Create(1f / 720);
        sum = (sum * r) + Vector256.Create(1f / 120);
        sum = (sum * r) + Vector256.Create(1f / 24);
        sum = (sum * r) + Vector256.Create(1f / 6);
        sum = (sum * r) + Vector256.Create(0.5f);
        sum = (sum * r) + Vector256<float>.One;
        sum = (sum * r) + Vector256<float>.One;
        Vector256<int> exponent = (Vector256.ConvertToInt32(n) + Vector256.Create(127)) << 23;
        return Vector256.ConditionalSelect(inRange, sum * exponent.AsSingle(), Vector256<float>.Zero);
    }
}
