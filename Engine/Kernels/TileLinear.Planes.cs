using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>The register tile for weights in two planes of nibbles: first low · a, then 16 · (high − 8) · a.</summary>
internal sealed unsafe partial class TileLinear<TSource, TTile, TW, TA, TI, TF>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void TilePlanes(byte* panel, int groups, byte* tokens, float* sums)
    {
        int vector = 4 * TTile.Rows, segments = Segments, plane = PlaneBytes;
        for (int group = 0; group < groups; group++)
        {
            TI i0a = default, i1a = default, i2a = default, i3a = default;
            TI i0b = default, i1b = default, i2b = default, i3b = default;
            byte* scales = panel + 2 * segments * plane;
            int* record = (int*)(tokens + TileTokens * TSource.GroupElements);
            int segment = 0;
            do
            {
                TA c0a = default, c1a = default, c2a = default, c3a = default;
                TA c0b = default, c1b = default, c2b = default, c3b = default;
                Dots(panel, panel + plane, tokens, ref c0a, ref c0b, ref c1a, ref c1b, ref c2a, ref c2b, ref c3a,
                    ref c3b);
                panel += plane;
                TA h0a = TTile.Start(record), h1a = TTile.Start(record + 1);
                TA h2a = TTile.Start(record + 2), h3a = TTile.Start(record + 3);
                TA h0b = h0a, h1b = h1a, h2b = h2a, h3b = h3a;
                Dots(panel, panel + plane, tokens, ref h0a, ref h0b, ref h1a, ref h1b, ref h2a, ref h2b, ref h3a,
                    ref h3b);
                panel += plane;
                FinishPlanes(scales, vector, c0a, c0b, h0a, h0b, ref i0a, ref i0b);
                FinishPlanes(scales, vector, c1a, c1b, h1a, h1b, ref i1a, ref i1b);
                FinishPlanes(scales, vector, c2a, c2b, h2a, h2b, ref i2a, ref i2b);
                FinishPlanes(scales, vector, c3a, c3b, h3a, h3b, ref i3a, ref i3b);
                tokens += 4 * TileTokens * TSource.SegmentQuads;
                record += TileTokens;
                if (TSource.Scaled) scales += 2 * vector;
            }
            while (segments > 1 && ++segment < segments);

            AddGroup(ref panel, ref tokens, record, scales, i0a, i0b, i1a, i1b, i2a, i2b, i3a, i3b, sums);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Dots(byte* panel, byte* end, byte* tokens, ref TA c0a, ref TA c0b, ref TA c1a, ref TA c1b,
        ref TA c2a, ref TA c2b, ref TA c3a, ref TA c3b)
    {
        int vector = 4 * TTile.Rows;
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
    }

    /// <summary>low + 16 · high.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FinishPlanes(byte* scales, int vector, TA ca, TA cb, TA ha, TA hb, ref TI ia, ref TI ib)
    {
        TI pa = TTile.Add(Widen(ca, scales, 0), Widen(ha, scales, 4));
        TI pb = TTile.Add(Widen(cb, scales + vector, 0), Widen(hb, scales + vector, 4));
        ia = Segments == 1 ? pa : TTile.Add(ia, pa);
        ib = Segments == 1 ? pb : TTile.Add(ib, pb);
    }
}
