using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>A strip, past one token: blocks of 32.</summary>
internal sealed unsafe partial class PackedMatVec<TFormat, TTile, TWords, TW, TA, TI, TF>
{
    /// <summary>Blocks of 32: Σ d · products + m · Σa.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Plain(in Strip strip)
    {
        int quantBytes = StripRows * TFormat.QuantBytes, scaleBytes = StripRows * TFormat.BlockBytes - quantBytes;
        byte* data = strip.Data;
        for (int block = 0; block < strip.Blocks; block += 2)
        {
            int blocks = Math.Min(strip.Blocks - block, 2);
            Ahead(data, strip.Prefetch, 2 * (quantBytes + scaleBytes));
            byte* firstQuants = data + blocks * scaleBytes;
            for (int row = 0; row < StripRows; row += TTile.Rows)
            {
                byte* scales = data, quants = firstQuants + 4 * row;
                sbyte* a = strip.Quants + (nint)32 * block;
                TF sum = TTile.LoadFloats(strip.Output + row);
                for (int i = block; i < block + blocks; i++, quants += quantBytes, scales += scaleBytes, a += 32)
                {
                    TI total = Products(quants, a, strip.Starts + i);
                    TF d = TFormat.HasExponents ? TWords.Exponents(scales + row) : TWords.Halves(scales + 2 * row);
                    d = TTile.Multiply(d, TTile.Broadcast(strip.Scales + i));
                    sum = TTile.MultiplyAdd(TTile.ToFloat(total), d, sum);
                    if (!TFormat.HasMinimum) continue;
                    sum = TTile.MultiplyAdd(TWords.Halves(scales + 2 * StripRows + 2 * row),
                        TTile.Broadcast((float*)strip.Sums + i), sum);
                }

                TTile.Store(sum, strip.Output + row);
            }

            data = firstQuants + blocks * quantBytes;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TI Products(byte* quants, sbyte* a, int* starts)
    {
        TA first = default, second = default;
        Begin(starts, ref first, ref second);
        Two(quants, a, a + 16, ref first, ref second);
        TI total = TTile.Widen(first, 0);
        if (HasPlanes) total = TWords.FinishScaled(total, second, TWords.Scale(16));
        return IsSplit ? TTile.Add(total, TTile.Widen(second, 0)) : total;
    }

    /// <summary>The start goes to the only sum, or to that of the high plane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Begin(int* start, ref TA first, ref TA second)
    {
        if (PanelOffset == 0) return;
        if (HasPlanes) second = TTile.Start(start);
        else first = TTile.Start(start);
    }

    /// <summary>The four columns of a step of two quads each: into one sum, into one for each quad, or into one for
    /// each plane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Two(byte* quants, sbyte* a0, sbyte* a1, ref TA first, ref TA second)
    {
        Column(quants, 0, a0, a1, ref first, ref second);
        Column(quants, 1, a0 + 4, a1 + 4, ref first, ref second);
        Column(quants, 2, a0 + 8, a1 + 8, ref first, ref second);
        Column(quants, 3, a0 + 12, a1 + 12, ref first, ref second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Column(byte* quants, int column, sbyte* a0, sbyte* a1, ref TA first, ref TA second)
    {
        TFormat.Load<TWords, TW, TA, TI, TF>(quants, column, out TW q0, out TW q1, out _, out _);
        TW x = TTile.BroadcastQuad(a0);
        if (HasPlanes)
        {
            first = TTile.Dot(first, TFormat.Low<TWords, TW, TA, TI, TF>(q0), x);
            second = TTile.Dot(second, TFormat.High<TWords, TW, TA, TI, TF>(q0), x);
            x = TTile.BroadcastQuad(a1);
            first = TTile.Dot(first, TFormat.Low<TWords, TW, TA, TI, TF>(q1), x);
            second = TTile.Dot(second, TFormat.High<TWords, TW, TA, TI, TF>(q1), x);
            return;
        }

        first = TTile.Dot(first, Weights(q0), x);
        x = TTile.BroadcastQuad(a1);
        if (HasTwoSums) second = TTile.Dot(second, Weights(q1), x);
        else first = TTile.Dot(first, Weights(q1), x);
    }

    /// <summary>Weights as the words multiply them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TW Weights(TW q) =>
        TWords.Lowered(TFormat.Value<TWords, TW, TA, TI, TF>(q), TFormat.EightBit ? 128 : TFormat.Offset);
}
