using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>One block of one vector of rows.</summary>
internal sealed unsafe partial class PackedMatVec<TFormat, TTile, TWords, TW, TA, TI, TF>
{
    /// <summary>sum + d · scale · products + m · Σa, or − dmin · scale · Σ minimum · Σa.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TF Block(byte* quants, byte* scales, byte* integers, int row, in Token token, int block, TF sum)
    {
        sbyte* a = token.Quants + (nint)TFormat.BlockElements * block;
        int* starts = token.Starts + Starts * block;
        TI total = !Scaled ? Plain(quants, a, starts)
            : TFormat.Quads == 4 ? Quarters(quants, integers, row, a, starts)
            : TFormat.EightBit ? Groups(quants, integers, row, a, starts)
            : Pairs(quants, integers, row, a);
        TF d = TFormat.HasExponents ? TWords.Exponents(scales + row) : TWords.Halves(scales + 2 * row);
        TF s = TTile.Broadcast(token.Scales + block);
        sum = TTile.MultiplyAdd(TTile.ToFloat(total), TTile.Multiply(d, s), sum);
        if (!TFormat.HasMinimum) return sum;
        TF m = TWords.Halves(scales + 2 * StripRows + 2 * row);
        int* words = token.Sums + Sums * block;
        if (!Scaled) return TTile.MultiplyAdd(m, TTile.Broadcast((float*)words), sum);
        TI minimum = default;
        byte* minimums = integers + StripRows * (TFormat.BlockElements / TFormat.ScaleElements);
        for (int pair = 0; pair < Sums; pair++, minimums += 2 * StripRows)
            minimum = TWords.AddPairs(minimum, TWords.Minimums(minimums, minimums + StripRows, row), words + pair);
        return TTile.MultiplyAdd(TTile.ToFloat(minimum), TTile.Multiply(m, s), sum);
    }

    /// <summary>A block of 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TI Plain(byte* quants, sbyte* a, int* starts)
    {
        TA start = Starts != 0 ? TTile.Start(starts) : default;
        TA first = HasPlanes ? default : start, second = HasPlanes ? start : default;
        Two(quants, 0, a, ref first, ref second);
        TI total = TTile.Finish(default, first);
        if (HasPlanes) total = TWords.FinishScaled(total, second, TWords.Scale(16));
        return IsSplit ? TTile.Finish(total, second) : total;
    }

    /// <summary>Groups of 32 with a scale, one a step.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TI Groups(byte* quants, byte* integers, int row, sbyte* a, int* starts)
    {
        TI total = default, high = default;
        for (int step = 0; step < TFormat.Steps; step++)
        {
            TA start = Starts != 0 ? TTile.Start(starts + step) : default;
            TA first = HasPlanes ? default : start, second = HasPlanes ? start : default;
            Two(quants, step, a, ref first, ref second);
            TI scale = TWords.Scales(integers + StripRows * step, row, TFormat.SignedScales);
            total = TWords.FinishScaled(total, first, scale);
            if (HasPlanes) high = TWords.FinishScaled(high, second, scale);
        }

        return HasPlanes ? TTile.AddShifted(total, high, 4) : total;
    }

    /// <summary>Pairs of groups of 32 without offset, each pair in two steps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TI Pairs(byte* quants, byte* integers, int row, sbyte* a)
    {
        TI total = default;
        for (int step = 0; step < TFormat.Steps; step += 2, integers += 2 * StripRows)
        {
            TI scale0 = TWords.Scales(integers, row, TFormat.SignedScales);
            TI scale1 = TWords.Scales(integers + StripRows, row, TFormat.SignedScales);
            TA first = default, second = default;
            Two(quants, step, a, ref first, ref second);
            if (IsSplit)
            {
                total = TWords.FinishScaled(total, first, scale0);
                total = TWords.FinishScaled(total, second, scale1);
                first = second = default;
            }

            Two(quants, step + 1, a, ref first, ref second);
            total = TWords.FinishScaled(total, first, scale0);
            total = TWords.FinishScaled(total, second, scale1);
        }

        return total;
    }

    /// <summary>Groups of 16, four a step.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TI Quarters(byte* quants, byte* integers, int row, sbyte* a, int* starts)
    {
        TI total = default;
        for (int step = 0; step < TFormat.Steps; step++)
        {
            int group = TFormat.Element(step, 0) / 16;
            TA c0 = default, c1 = default, c2 = default, c3 = default;
            if (Starts != 0)
            {
                c0 = TTile.Start(starts + group);
                c1 = TTile.Start(starts + group + 2);
                c2 = TTile.Start(starts + group + 4);
                c3 = TTile.Start(starts + group + 6);
            }

            sbyte* from = a + 16 * group;
            Four(quants, step, 0, from, ref c0, ref c1, ref c2, ref c3);
            Four(quants, step, 1, from, ref c0, ref c1, ref c2, ref c3);
            Four(quants, step, 2, from, ref c0, ref c1, ref c2, ref c3);
            Four(quants, step, 3, from, ref c0, ref c1, ref c2, ref c3);
            byte* scales = integers + StripRows * group;
            total = TWords.FinishScaled(total, c0, TWords.Scales(scales, row, TFormat.SignedScales));
            total = TWords.FinishScaled(total, c1, TWords.Scales(scales + 2 * StripRows, row, TFormat.SignedScales));
            total = TWords.FinishScaled(total, c2, TWords.Scales(scales + 4 * StripRows, row, TFormat.SignedScales));
            total = TWords.FinishScaled(total, c3, TWords.Scales(scales + 6 * StripRows, row, TFormat.SignedScales));
        }

        return total;
    }

    /// <summary>The four columns of a step of two quads each: into one sum, into one for each quad, or into one for
    /// each plane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Two(byte* quants, int step, sbyte* a, ref TA first, ref TA second)
    {
        a += TFormat.Element(step, 0);
        Column(quants, step, 0, a, ref first, ref second);
        Column(quants, step, 1, a, ref first, ref second);
        Column(quants, step, 2, a, ref first, ref second);
        Column(quants, step, 3, a, ref first, ref second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Column(byte* quants, int step, int column, sbyte* a, ref TA first, ref TA second)
    {
        TFormat.Load<TWords, TW, TA, TI, TF>(quants, step, column, out TW q0, out TW q1, out _, out _);
        TW a0 = TTile.BroadcastQuad(a + 4 * column);
        TW a1 = TTile.BroadcastQuad(a + TFormat.Element(0, 1) + 4 * column);
        if (HasPlanes)
        {
            first = TTile.Dot(first, TFormat.Low<TWords, TW, TA, TI, TF>(q0), a0);
            second = TTile.Dot(second, TFormat.High<TWords, TW, TA, TI, TF>(q0), a0);
            first = TTile.Dot(first, TFormat.Low<TWords, TW, TA, TI, TF>(q1), a1);
            second = TTile.Dot(second, TFormat.High<TWords, TW, TA, TI, TF>(q1), a1);
            return;
        }

        first = TTile.Dot(first, Weights(q0), a0);
        if (IsSplit || (Scaled && !TFormat.EightBit)) second = TTile.Dot(second, Weights(q1), a1);
        else first = TTile.Dot(first, Weights(q1), a1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four(
        byte* quants, int step, int column, sbyte* a, ref TA c0, ref TA c1, ref TA c2, ref TA c3)
    {
        TFormat.Load<TWords, TW, TA, TI, TF>(quants, step, column, out TW q0, out TW q1, out TW q2, out TW q3);
        a += 4 * column;
        c0 = TTile.Dot(c0, Weights(q0), TTile.BroadcastQuad(a));
        c1 = TTile.Dot(c1, Weights(q1), TTile.BroadcastQuad(a + 32));
        c2 = TTile.Dot(c2, Weights(q2), TTile.BroadcastQuad(a + 64));
        c3 = TTile.Dot(c3, Weights(q3), TTile.BroadcastQuad(a + 96));
    }

    /// <summary>Weights as the words multiply them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TW Weights(TW q)
    {
        TW value = TFormat.Value<TWords, TW, TA, TI, TF>(q);
        int offset = TFormat.EightBit ? 128 : TFormat.Offset;
        return TTile.SignedWeights && offset != 0 ? TWords.Subtract(value, (byte)offset) : value;
    }
}
