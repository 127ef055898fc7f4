using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>The register tile for weights in two planes of nibbles: first low · a, then 16 · (high − 8) · a.</summary>
internal sealed unsafe partial class TileLinear<TSource, TTile, TW, TA, TI, TF>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TilePlanes(byte* panel, int groups, sbyte* a0, sbyte* a1, sbyte* a2, sbyte* a3, int* record,
        float* sums)
    {
        int vector = 4 * TTile.Rows, segments = Segments, plane = PlaneBytes;
        nint step = 4 * TSource.SegmentQuads;
        nint k = 0;
        for (int group = 0; group < groups; group++)
        {
            TI i0a = default, i1a = default, i2a = default, i3a = default;
            TI i0b = default, i1b = default, i2b = default, i3b = default;
            byte* scales = panel + 2 * segments * plane;
            for (int segment = 0; segment < segments; segment++)
            {
                for (int high = 0; high < 2; high++, panel += plane)
                {
                    TA c0a = default, c1a = default, c2a = default, c3a = default;
                    if (high != 0)
                    {
                        // What the low plane gave stays; the high one counts sixteen times.
                        c0a = TTile.Start(record);
                        c1a = TTile.Start(record + 1);
                        c2a = TTile.Start(record + 2);
                        c3a = TTile.Start(record + 3);
                    }

                    TA c0b = c0a, c1b = c1a, c2b = c2a, c3b = c3a;
                    Dots(panel, panel + plane, a0 + k, a1 + k, a2 + k, a3 + k,
                        ref c0a, ref c0b, ref c1a, ref c1b, ref c2a, ref c2b, ref c3a, ref c3b);
                    int shift = 4 * high;
                    FinishPlane(scales, vector, shift, c0a, c0b, ref i0a, ref i0b);
                    FinishPlane(scales, vector, shift, c1a, c1b, ref i1a, ref i1b);
                    FinishPlane(scales, vector, shift, c2a, c2b, ref i2a, ref i2b);
                    FinishPlane(scales, vector, shift, c3a, c3b, ref i3a, ref i3b);
                }

                k += step;
                record += TileTokens;
                if (TSource.Scaled) scales += 2 * vector;
            }

            AddGroup(ref panel, ref record, scales, i0a, i0b, i1a, i1b, i2a, i2b, i3a, i3b, sums);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Dots(byte* panel, byte* end, sbyte* a0, sbyte* a1, sbyte* a2, sbyte* a3, ref TA c0a,
        ref TA c0b, ref TA c1a, ref TA c1b, ref TA c2a, ref TA c2b, ref TA c3a, ref TA c3b)
    {
        int vector = 4 * TTile.Rows;
        nint k = 0;
        do
        {
            TW wa = TTile.Load(panel), wb = TTile.Load(panel + vector);
            TW a = TTile.BroadcastQuad(a0 + k);
            c0a = TTile.Dot(c0a, wa, a);
            c0b = TTile.Dot(c0b, wb, a);
            a = TTile.BroadcastQuad(a1 + k);
            c1a = TTile.Dot(c1a, wa, a);
            c1b = TTile.Dot(c1b, wb, a);
            a = TTile.BroadcastQuad(a2 + k);
            c2a = TTile.Dot(c2a, wa, a);
            c2b = TTile.Dot(c2b, wb, a);
            a = TTile.BroadcastQuad(a3 + k);
            c3a = TTile.Dot(c3a, wa, a);
            c3b = TTile.Dot(c3b, wb, a);
            panel += 2 * vector;
            k += 4;
        }
        while (panel < end);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FinishPlane(byte* scales, int vector, int shift, TA ca, TA cb, ref TI ia, ref TI ib)
    {
        TI pa = default, pb = default;
        Finish(scales, vector, ca, cb, ref pa, ref pb);
        ia = TTile.AddShifted(ia, pa, shift);
        ib = TTile.AddShifted(ib, pb, shift);
    }
}
