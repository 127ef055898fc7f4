using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>The register tile of four vectors of rows (a … d) × four tokens: 16 sums, for 32 registers. One segment,
/// nothing to correct, no minimums.</summary>
internal sealed unsafe partial class TileLinear<TSource, TTile, TW, TA, TI, TF>
{
    /// <inheritdoc cref="TileTwo"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void TileFour(byte* panel, int groups, byte* tokens, float* sums)
    {
        int vector = 4 * TTile.Rows, plane = PlaneBytes;
        for (int group = 0; group < groups; group++)
        {
            TA c0a = default, c0b = default, c0c = default, c0d = default;
            TA c1a = default, c1b = default, c1c = default, c1d = default;
            TA c2a = default, c2b = default, c2c = default, c2d = default;
            TA c3a = default, c3b = default, c3c = default, c3d = default;
            byte* end = panel + plane;
            do
            {
                TW wa = TTile.Load(panel), wb = TTile.Load(panel + vector);
                TW wc = TTile.Load(panel + 2 * vector), wd = TTile.Load(panel + 3 * vector);
                TW a = TTile.BroadcastQuad((sbyte*)tokens);
                c0a = TTile.Dot(c0a, wa, a);
                c0b = TTile.Dot(c0b, wb, a);
                c0c = TTile.Dot(c0c, wc, a);
                c0d = TTile.Dot(c0d, wd, a);
                a = TTile.BroadcastQuad((sbyte*)tokens + 4);
                c1a = TTile.Dot(c1a, wa, a);
                c1b = TTile.Dot(c1b, wb, a);
                c1c = TTile.Dot(c1c, wc, a);
                c1d = TTile.Dot(c1d, wd, a);
                a = TTile.BroadcastQuad((sbyte*)tokens + 8);
                c2a = TTile.Dot(c2a, wa, a);
                c2b = TTile.Dot(c2b, wb, a);
                c2c = TTile.Dot(c2c, wc, a);
                c2d = TTile.Dot(c2d, wd, a);
                a = TTile.BroadcastQuad((sbyte*)tokens + 12);
                c3a = TTile.Dot(c3a, wa, a);
                c3b = TTile.Dot(c3b, wb, a);
                c3c = TTile.Dot(c3c, wc, a);
                c3d = TTile.Dot(c3d, wd, a);
                panel += 4 * vector;
                tokens += 4 * TileTokens;
            }
            while (panel < end);

            float* s = (float*)tokens;
            TF da = TTile.LoadFloats((float*)panel), db = TTile.LoadFloats((float*)(panel + vector));
            TF dc = TTile.LoadFloats((float*)(panel + 2 * vector)), dd = TTile.LoadFloats((float*)(panel + 3 * vector));
            AddFour(c0a, c0b, c0c, c0d, da, db, dc, dd, s, sums);
            AddFour(c1a, c1b, c1c, c1d, da, db, dc, dd, s + 1, sums + vector);
            AddFour(c2a, c2b, c2c, c2d, da, db, dc, dd, s + 2, sums + 2 * vector);
            AddFour(c3a, c3b, c3c, c3d, da, db, dc, dd, s + 3, sums + 3 * vector);
            panel += 4 * vector;
            tokens += 4 * TileTokens;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddFour(
        TA ca, TA cb, TA cc, TA cd, TF da, TF db, TF dc, TF dd, float* scale, float* sums)
    {
        int rows = TTile.Rows;
        TF s = TTile.Broadcast(scale);
        AddScaled(ca, da, s, sums);
        AddScaled(cb, db, s, sums + rows);
        AddScaled(cc, dc, s, sums + 2 * rows);
        AddScaled(cd, dd, s, sums + 3 * rows);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddScaled(TA c, TF d, TF s, float* sum) => TTile.Store(
        TTile.MultiplyAdd(TTile.ToFloat(TTile.Widen(c, 0)), TTile.Multiply(d, s), TTile.LoadFloats(sum)), sum);
}
