using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>The register tile: two vectors of rows (a, b) × four tokens.</summary>
internal sealed unsafe partial class TileLinear<TSource, TTile, TW, TA, TI, TF>
{
    private static void Tile(byte* panel, int groups, sbyte* a0, sbyte* a1, sbyte* a2, sbyte* a3, int* record,
        float* output, nint stride, bool add)
    {
        TF f0a = default, f1a = default, f2a = default, f3a = default;
        TF f0b = default, f1b = default, f2b = default, f3b = default;
        for (int group = 0; group < groups; group++)
        {
            TI i0a = default, i1a = default, i2a = default, i3a = default;
            TI i0b = default, i1b = default, i2b = default, i3b = default;
            byte* scales = panel + QuantBytes;
            for (int segment = 0; segment < Segments; segment++)
            {
                Segment(panel, scales, record, a0, a1, a2, a3,
                    ref i0a, ref i0b, ref i1a, ref i1b, ref i2a, ref i2b, ref i3a, ref i3b);
                panel += TSource.Planes * PlaneBytes;
                if (TSource.Scaled) scales += 4 * PanelRows;
                if (HasStart) record += TileTokens;
                a0 += 4 * TSource.SegmentQuads;
                a1 += 4 * TSource.SegmentQuads;
                a2 += 4 * TSource.SegmentQuads;
                a3 += 4 * TSource.SegmentQuads;
            }

            panel += ScaleBytes;
            float* s = (float*)(record + (TSource.HasMinimum ? Math.Max(MinimumPairs, 1) * TileTokens : 0));
            AddScaled(panel, s, i0a, i0b, ref f0a, ref f0b);
            AddScaled(panel, s + 1, i1a, i1b, ref f1a, ref f1b);
            AddScaled(panel, s + 2, i2a, i2b, ref f2a, ref f2b);
            AddScaled(panel, s + 3, i3a, i3b, ref f3a, ref f3b);
            panel += 4 * PanelRows;
            if (TSource.HasMinimum)
            {
                AddMinimum(panel, record, s, ref f0a, ref f0b);
                AddMinimum(panel, record + 1, s + 1, ref f1a, ref f1b);
                AddMinimum(panel, record + 2, s + 2, ref f2a, ref f2b);
                AddMinimum(panel, record + 3, s + 3, ref f3a, ref f3b);
                panel += 4 * PanelRows * (1 + MinimumPairs);
            }

            record = (int*)s + TileTokens;
        }

        Store(output, add, f0a, f0b);
        Store(output + stride, add, f1a, f1b);
        Store(output + 2 * stride, add, f2a, f2b);
        Store(output + 3 * stride, add, f3a, f3b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Segment(byte* panel, byte* scales, int* record, sbyte* a0, sbyte* a1, sbyte* a2, sbyte* a3,
        ref TI i0a, ref TI i0b, ref TI i1a, ref TI i1b, ref TI i2a, ref TI i2b, ref TI i3a, ref TI i3b)
    {
        TA c0a = default, c1a = default, c2a = default, c3a = default;
        TA c0b = default, c1b = default, c2b = default, c3b = default;
        if (TSource.Planes == 2)
        {
            Dots(panel, a0, a1, a2, a3,
                ref c0a, ref c0b, ref c1a, ref c1b, ref c2a, ref c2b, ref c3a, ref c3b);
            Finish(scales, c0a, c0b, ref i0a, ref i0b);
            Finish(scales, c1a, c1b, ref i1a, ref i1b);
            Finish(scales, c2a, c2b, ref i2a, ref i2b);
            Finish(scales, c3a, c3b, ref i3a, ref i3b);
            panel += PlaneBytes;
        }

        if (HasStart)
        {
            c0a = c0b = TTile.Start(record);
            c1a = c1b = TTile.Start(record + 1);
            c2a = c2b = TTile.Start(record + 2);
            c3a = c3b = TTile.Start(record + 3);
        }

        Dots(panel, a0, a1, a2, a3, ref c0a, ref c0b, ref c1a, ref c1b, ref c2a, ref c2b, ref c3a, ref c3b);
        if (TSource.Planes == 2)
        {
            FinishTimes16(scales, c0a, c0b, ref i0a, ref i0b);
            FinishTimes16(scales, c1a, c1b, ref i1a, ref i1b);
            FinishTimes16(scales, c2a, c2b, ref i2a, ref i2b);
            FinishTimes16(scales, c3a, c3b, ref i3a, ref i3b);
        }
        else
        {
            Finish(scales, c0a, c0b, ref i0a, ref i0b);
            Finish(scales, c1a, c1b, ref i1a, ref i1b);
            Finish(scales, c2a, c2b, ref i2a, ref i2b);
            Finish(scales, c3a, c3b, ref i3a, ref i3b);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Dots(byte* panel, sbyte* a0, sbyte* a1, sbyte* a2, sbyte* a3, ref TA c0a, ref TA c0b,
        ref TA c1a, ref TA c1b, ref TA c2a, ref TA c2b, ref TA c3a, ref TA c3b)
    {
        for (int quad = 0; quad < TSource.SegmentQuads; quad++)
        {
            TW wa = TTile.Load(panel + quad * 4 * PanelRows);
            TW wb = TTile.Load(panel + quad * 4 * PanelRows + 4 * TTile.Rows);
            TW a = TTile.BroadcastQuad(a0 + 4 * quad);
            c0a = TTile.Dot(c0a, wa, a);
            c0b = TTile.Dot(c0b, wb, a);
            a = TTile.BroadcastQuad(a1 + 4 * quad);
            c1a = TTile.Dot(c1a, wa, a);
            c1b = TTile.Dot(c1b, wb, a);
            a = TTile.BroadcastQuad(a2 + 4 * quad);
            c2a = TTile.Dot(c2a, wa, a);
            c2b = TTile.Dot(c2b, wb, a);
            a = TTile.BroadcastQuad(a3 + 4 * quad);
            c3a = TTile.Dot(c3a, wa, a);
            c3b = TTile.Dot(c3b, wb, a);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(byte* scales, TA ca, TA cb, ref TI ia, ref TI ib)
    {
        ia = TSource.Scaled ? TTile.FinishScaled(ia, ca, scales) : TTile.Finish(ia, ca);
        ib = TSource.Scaled ? TTile.FinishScaled(ib, cb, scales + 4 * TTile.Rows) : TTile.Finish(ib, cb);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FinishTimes16(byte* scales, TA ca, TA cb, ref TI ia, ref TI ib)
    {
        TI pa = default, pb = default;
        Finish(scales, ca, cb, ref pa, ref pb);
        ia = TTile.AddTimes16(ia, pa);
        ib = TTile.AddTimes16(ib, pb);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddScaled(byte* panel, float* scale, TI ia, TI ib, ref TF fa, ref TF fb)
    {
        TF s = TTile.Broadcast(scale);
        TF da = TTile.LoadFloats((float*)panel), db = TTile.LoadFloats((float*)panel + TTile.Rows);
        fa = TTile.MultiplyAdd(TTile.ToFloat(ia), TTile.Multiply(da, s), fa);
        fb = TTile.MultiplyAdd(TTile.ToFloat(ib), TTile.Multiply(db, s), fb);
    }

    /// <summary>m · (scale · Σa), or −dmin · scale · Σ minimum · Σa.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddMinimum(byte* panel, int* record, float* scale, ref TF fa, ref TF fb)
    {
        TF ma = TTile.LoadFloats((float*)panel), mb = TTile.LoadFloats((float*)panel + TTile.Rows);
        if (!TSource.Scaled)
        {
            TF sum = TTile.Broadcast((float*)record);
            fa = TTile.MultiplyAdd(ma, sum, fa);
            fb = TTile.MultiplyAdd(mb, sum, fb);
            return;
        }

        TI ia = default, ib = default;
        for (int pair = 0; pair < MinimumPairs; pair++)
        {
            byte* pairs = panel + 4 * PanelRows * (1 + pair);
            ia = TTile.AddPairs(ia, pairs, record + pair * TileTokens);
            ib = TTile.AddPairs(ib, pairs + 4 * TTile.Rows, record + pair * TileTokens);
        }

        AddScaled(panel, scale, ia, ib, ref fa, ref fb);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* output, bool add, TF fa, TF fb)
    {
        if (add)
        {
            fa = TTile.Add(TTile.LoadFloats(output), fa);
            fb = TTile.Add(TTile.LoadFloats(output + TTile.Rows), fb);
        }

        TTile.Store(fa, output);
        TTile.Store(fb, output + TTile.Rows);
    }
}
