using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>The register tile: two vectors of rows (a, b) × four tokens.</summary>
internal sealed unsafe partial class TileLinear<TSource, TTile, TW, TA, TI, TF>
{
    /// <summary>Adds four tokens' products with one panel to sums[token][row].</summary>
    /// <remarks>The sums stay in memory, touched once a group: 16 registers hold no more than the innermost sums and
    /// their operands, and the JIT gives long-lived values the registers that the innermost need. It stops inlining at
    /// 512 locals, and a call in the loop would spill every sum: so constants are read once, and the two-plane form is
    /// a method of its own.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void TileTwo(byte* panel, int groups, byte* tokens, float* sums)
    {
        int vector = 4 * TTile.Rows, segments = Segments, plane = PlaneBytes;
        for (int group = 0; group < groups; group++)
        {
            TI i0a = default, i1a = default, i2a = default, i3a = default;
            TI i0b = default, i1b = default, i2b = default, i3b = default;
            byte* scales = panel + segments * plane;
            int* record = (int*)(tokens + TileTokens * TSource.GroupElements * TSource.ElementBytes);
            int segment = 0;
            do
            {
                TA c0a = default, c1a = default, c2a = default, c3a = default;
                if (HasStart)
                {
                    c0a = TTile.Start(record);
                    c1a = TTile.Start(record + 1);
                    c2a = TTile.Start(record + 2);
                    c3a = TTile.Start(record + 3);
                    record += TileTokens;
                }

                TA c0b = c0a, c1b = c1a, c2b = c2a, c3b = c3a;
                byte* end = panel + plane;
                do
                {
                    TW wa = TTile.Load(panel), wb = TTile.Load(panel + vector);
                    TW a = TTile.BroadcastQuad((sbyte*)tokens);
                    c0a = TTile.Dot(c0a, wa, a);
                    c0b = TTile.Dot(c0b, wb, a);
                    a = TTile.BroadcastQuad((sbyte*)tokens + 4);
                    c1a = TTile.Dot(c1a, wa, a);
                    c1b = TTile.Dot(c1b, wb, a);
                    a = TTile.BroadcastQuad((sbyte*)tokens + 8);
                    c2a = TTile.Dot(c2a, wa, a);
                    c2b = TTile.Dot(c2b, wb, a);
                    a = TTile.BroadcastQuad((sbyte*)tokens + 12);
                    c3a = TTile.Dot(c3a, wa, a);
                    c3b = TTile.Dot(c3b, wb, a);
                    panel += 2 * vector;
                    tokens += 4 * TileTokens;
                }
                while (panel < end);

                Finish(scales, vector, c0a, c0b, ref i0a, ref i0b);
                Finish(scales, vector, c1a, c1b, ref i1a, ref i1b);
                Finish(scales, vector, c2a, c2b, ref i2a, ref i2b);
                Finish(scales, vector, c3a, c3b, ref i3a, ref i3b);
                if (TSource.Scaled) scales += 2 * vector;
            }
            while (segments > 1 && ++segment < segments); // The first test is a constant: no loop for one segment.

            AddGroup(ref panel, ref tokens, record, scales, i0a, i0b, i1a, i1b, i2a, i2b, i3a, i3b, sums);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(byte* scales, int vector, TA ca, TA cb, ref TI ia, ref TI ib)
    {
        TI pa = Widen(ca, scales, 0), pb = Widen(cb, scales + vector, 0);
        // Adding to a zero would cost an operation that the compiler keeps.
        ia = Segments == 1 ? pa : TTile.Add(ia, pa);
        ib = Segments == 1 ? pb : TTile.Add(ib, pb);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TI Widen(TA sum, byte* scales, int bits) =>
        TSource.Scaled ? TTile.WidenScaled(sum, scales, bits) : TTile.Widen(sum, bits);

    /// <summary>What follows a group's products: scales, then minimums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddGroup(ref byte* panel, ref byte* tokens, int* record, byte* floats,
        TI i0a, TI i0b, TI i1a, TI i1b, TI i2a, TI i2b, TI i3a, TI i3b, float* sums)
    {
        int vector = 4 * TTile.Rows, token = 2 * TTile.Rows;
        float* s = (float*)(record + (TSource.HasMinimum ? Math.Max(MinimumPairs, 1) * TileTokens : 0));
        TF da = TTile.LoadFloats((float*)floats), db = TTile.LoadFloats((float*)(floats + vector));
        TF ma = default, mb = default;
        panel = floats + 2 * vector;
        if (TSource.HasMinimum)
        {
            ma = TTile.LoadFloats((float*)panel);
            mb = TTile.LoadFloats((float*)(panel + vector));
            panel += 2 * vector;
        }

        AddToken(panel, record, s, da, db, ma, mb, i0a, i0b, sums);
        AddToken(panel, record + 1, s + 1, da, db, ma, mb, i1a, i1b, sums + token);
        AddToken(panel, record + 2, s + 2, da, db, ma, mb, i2a, i2b, sums + 2 * token);
        AddToken(panel, record + 3, s + 3, da, db, ma, mb, i3a, i3b, sums + 3 * token);
        panel += 2 * vector * MinimumPairs;
        tokens = (byte*)(s + TileTokens);
    }

    /// <summary>d · scale · products, then m · (scale · Σa) or −dmin · scale · Σ minimum · Σa.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddToken(
        byte* pairs, int* record, float* scale, TF da, TF db, TF ma, TF mb, TI ia, TI ib, float* sums)
    {
        TF s = TTile.Broadcast(scale);
        TF fa = TTile.LoadFloats(sums), fb = TTile.LoadFloats(sums + TTile.Rows);
        fa = TTile.MultiplyAdd(TTile.ToFloat(ia), TTile.Multiply(da, s), fa);
        fb = TTile.MultiplyAdd(TTile.ToFloat(ib), TTile.Multiply(db, s), fb);
        if (TSource.HasMinimum && !TSource.Scaled)
        {
            TF sum = TTile.Broadcast((float*)record);
            fa = TTile.MultiplyAdd(ma, sum, fa);
            fb = TTile.MultiplyAdd(mb, sum, fb);
        }
        else if (TSource.HasMinimum)
        {
            TI na = default, nb = default;
            for (int pair = 0; pair < MinimumPairs; pair++, pairs += 8 * TTile.Rows, record += TileTokens)
            {
                na = TTile.AddPairs(na, pairs, record);
                nb = TTile.AddPairs(nb, pairs + 4 * TTile.Rows, record);
            }

            fa = TTile.MultiplyAdd(TTile.ToFloat(na), TTile.Multiply(ma, s), fa);
            fb = TTile.MultiplyAdd(TTile.ToFloat(nb), TTile.Multiply(mb, s), fb);
        }

        TTile.Store(fa, sums);
        TTile.Store(fb, sums + TTile.Rows);
    }
}
