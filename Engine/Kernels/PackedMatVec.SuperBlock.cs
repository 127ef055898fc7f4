using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>A strip, past one token: blocks of 256.</summary>
internal sealed unsafe partial class PackedMatVec<TFormat, TTile, TWords, TW, TA, TI, TF>
{
    /// <summary>Groups of 32 of eight-bit weights, one a step.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Groups(in Strip strip)
    {
        byte* data = strip.Data;
        for (int block = 0; block < strip.Blocks; block++)
        {
            byte* scales = Scales(strip, block, ref data, out byte* columns);
            for (int row = 0; row < StripRows; row += TTile.Rows)
            {
                byte* quants = columns + 4 * row, integers = strip.Integers;
                sbyte* a = strip.Quants + (nint)256 * block;
                int* start = strip.Starts + (nint)Starts * block;
                TI total = default, high = default;
                for (sbyte* end = a + 256; a < end; a += 32, start++, quants += 256, integers += StripRows)
                {
                    TA first = default, second = default;
                    Begin(start, ref first, ref second);
                    Two(quants, a, a + 16, ref first, ref second);
                    TI scale = TWords.Scales(integers, row, TFormat.SignedScales);
                    total = TWords.FinishScaled(total, first, scale);
                    if (HasPlanes) high = TWords.FinishScaled(high, second, scale);
                }

                if (HasPlanes) total = TTile.Add(total, TWords.Shifted(high, 4));
                Finish(strip, block, scales, row, total);
            }
        }
    }

    /// <summary>Pairs of groups of 32 without offset, each pair in two steps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Pairs(in Strip strip)
    {
        byte* data = strip.Data;
        bool split = IsSplit;
        for (int block = 0; block < strip.Blocks; block++)
        {
            byte* scales = Scales(strip, block, ref data, out byte* columns);
            for (int row = 0; row < StripRows; row += TTile.Rows)
            {
                byte* quants = columns + 4 * row, integers = strip.Integers;
                sbyte* a = strip.Quants + (nint)256 * block;
                TI total = default;
                for (sbyte* end = a + 256; a < end; a += 64, integers += 2 * StripRows)
                {
                    TA first = default, second = default;
                    TI scale0 = TWords.Scales(integers, row, false);
                    TI scale1 = TWords.Scales(integers + StripRows, row, false);
                    int half = 0;
                    do
                    {
                        Two(quants, a + half, a + 32 + half, ref first, ref second);
                        quants += TFormat.StepBytes;
                        if (!split) continue;
                        total = TWords.FinishScaled(total, first, scale0);
                        total = TWords.FinishScaled(total, second, scale1);
                        first = second = default;
                    }
                    while ((half += 16) < 32);

                    if (split) continue;
                    total = TWords.FinishScaled(total, first, scale0);
                    total = TWords.FinishScaled(total, second, scale1);
                }

                Finish(strip, block, scales, row, total);
            }
        }
    }

    /// <summary>Groups of 16, four a step.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Quarters(in Strip strip)
    {
        byte* data = strip.Data;
        for (int block = 0; block < strip.Blocks; block++)
        {
            byte* scales = Scales(strip, block, ref data, out byte* columns);
            for (int row = 0; row < StripRows; row += TTile.Rows)
            {
                byte* quants = columns + 4 * row;
                sbyte* a = strip.Quants + (nint)256 * block;
                int* starts = strip.Starts + (nint)Starts * block;
                TI total = default;
                for (int step = 0; step < 4; step++, quants += TFormat.StepBytes)
                {
                    int group = 8 * (step >> 1) + (step & 1);
                    TA c0 = default, c1 = default, c2 = default, c3 = default;
                    if (PanelOffset != 0)
                    {
                        c0 = TTile.Start(starts + group);
                        c1 = TTile.Start(starts + group + 2);
                        c2 = TTile.Start(starts + group + 4);
                        c3 = TTile.Start(starts + group + 6);
                    }

                    byte* column = quants;
                    sbyte* from = a + 16 * group;
                    int pair = 0;
                    do
                    {
                        Four(column, 0, from, ref c0, ref c1, ref c2, ref c3);
                        Four(column, 1, from + 4, ref c0, ref c1, ref c2, ref c3);
                        column += TFormat.PairBytes;
                        from += 8;
                    }
                    while (++pair < 2);

                    byte* integers = strip.Integers + StripRows * group;
                    total = AddScaled(total, c0, integers, row);
                    total = AddScaled(total, c1, integers + 2 * StripRows, row);
                    total = AddScaled(total, c2, integers + 4 * StripRows, row);
                    total = AddScaled(total, c3, integers + 6 * StripRows, row);
                }

                Finish(strip, block, scales, row, total);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four(byte* quants, int column, sbyte* a, ref TA c0, ref TA c1, ref TA c2, ref TA c3)
    {
        TFormat.Load<TWords, TW, TA, TI, TF>(quants, column, out TW q0, out TW q1, out TW q2, out TW q3);
        c0 = TTile.Dot(c0, Weights(q0), TTile.BroadcastQuad(a));
        c1 = TTile.Dot(c1, Weights(q1), TTile.BroadcastQuad(a + 32));
        c2 = TTile.Dot(c2, Weights(q2), TTile.BroadcastQuad(a + 64));
        c3 = TTile.Dot(c3, Weights(q3), TTile.BroadcastQuad(a + 96));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TI AddScaled(TI total, TA sum, byte* integers, int row) =>
        TWords.FinishScaled(total, sum, TWords.Scales(integers, row, TFormat.SignedScales));

    /// <summary>Finds the quants of a block and unpacks its integers; returns where its f32 scales lie.</summary>
    /// <param name="strip">The strip.</param>
    /// <param name="block">Which of its blocks.</param>
    /// <param name="data">Start of the chunk; of the next one after its second block.</param>
    /// <param name="quants">Receives where the quants lie.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* Scales(in Strip strip, int block, ref byte* data, out byte* quants)
    {
        int quantBytes = StripRows * TFormat.QuantBytes, scaleBytes = StripRows * TFormat.BlockBytes - quantBytes;
        bool odd = (block & 1) != 0, alone = !odd && block + 1 == strip.Blocks;
        byte* scales = odd ? data + scaleBytes : data;
        quants = data + (odd ? 2 * scaleBytes + quantBytes : alone ? scaleBytes : 2 * scaleBytes);
        if (odd) data += 2 * (quantBytes + scaleBytes);
        else Ahead(data, strip.Prefetch, 2 * (quantBytes + scaleBytes));
        TFormat.Integers(scales, strip.Integers);
        return scales + StripRows * TFormat.IntegerBytes;
    }

    /// <summary>Adds d · scale · products − dmin · scale · Σ minimum · Σa to the sums of a vector of rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(in Strip strip, int block, byte* scales, int row, TI total)
    {
        TF s = TTile.Broadcast(strip.Scales + block), sum = TTile.LoadFloats(strip.Output + row);
        sum = TTile.MultiplyAdd(TTile.ToFloat(total), TTile.Multiply(TWords.Halves(scales + 2 * row), s), sum);
        if (TFormat.HasMinimum)
        {
            int pairs = Sums;
            int* words = strip.Sums + (nint)pairs * block;
            TI minimum = default;
            byte* minimums = strip.Integers + StripRows * 2 * pairs;
            for (int pair = 0; pair < pairs; pair++, minimums += 2 * StripRows, words++)
                minimum = TWords.AddPairs(minimum, TWords.Minimums(minimums, minimums + StripRows, row), words);
            TF m = TWords.Halves(scales + 2 * StripRows + 2 * row);
            sum = TTile.MultiplyAdd(TTile.ToFloat(minimum), TTile.Multiply(m, s), sum);
        }

        TTile.Store(sum, strip.Output + row);
    }
}
