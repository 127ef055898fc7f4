using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>The register tiles: two vectors of rows × twelve, six or two tokens.</summary>
internal sealed unsafe partial class FloatTile<W, V, TWeight>
{
    /// <remarks>24 sums, two vectors of weights and an activation: 27 of 32 registers. Three tokens share a pointer, so
    /// that the general registers suffice, too.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Tile12(float* panel, int columns, float* x, nint stride, float* sums)
    {
        V a0 = W.Broadcast(0f), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
        V e0 = a0, e1 = a0, f0 = a0, f1 = a0, g0 = a0, g1 = a0, h0 = a0, h1 = a0;
        V i0 = a0, i1 = a0, j0 = a0, j1 = a0, k0 = a0, k1 = a0, l0 = a0, l1 = a0;
        float* x3 = x + 3 * stride, x6 = x3 + 3 * stride, x9 = x6 + 3 * stride;
        nint stride2 = 2 * stride;
        float* end = panel + (nint)columns * PanelRows;
        for (; panel < end; panel += PanelRows)
        {
            V w0 = W.Load(panel), w1 = W.Load(panel + W.Count);
            Add(w0, w1, *x, ref a0, ref a1);
            Add(w0, w1, x[stride], ref b0, ref b1);
            Add(w0, w1, x[stride2], ref c0, ref c1);
            Add(w0, w1, *x3, ref d0, ref d1);
            Add(w0, w1, x3[stride], ref e0, ref e1);
            Add(w0, w1, x3[stride2], ref f0, ref f1);
            Add(w0, w1, *x6, ref g0, ref g1);
            Add(w0, w1, x6[stride], ref h0, ref h1);
            Add(w0, w1, x6[stride2], ref i0, ref i1);
            Add(w0, w1, *x9, ref j0, ref j1);
            Add(w0, w1, x9[stride], ref k0, ref k1);
            Add(w0, w1, x9[stride2], ref l0, ref l1);
            x++;
            x3++;
            x6++;
            x9++;
        }

        Store(a0, a1, sums);
        Store(b0, b1, sums + PanelRows);
        Store(c0, c1, sums + 2 * PanelRows);
        Store(d0, d1, sums + 3 * PanelRows);
        Store(e0, e1, sums + 4 * PanelRows);
        Store(f0, f1, sums + 5 * PanelRows);
        Store(g0, g1, sums + 6 * PanelRows);
        Store(h0, h1, sums + 7 * PanelRows);
        Store(i0, i1, sums + 8 * PanelRows);
        Store(j0, j1, sums + 9 * PanelRows);
        Store(k0, k1, sums + 10 * PanelRows);
        Store(l0, l1, sums + 11 * PanelRows);
    }

    /// <remarks>Twelve sums, two vectors of weights and an activation: 15 of 16 registers.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Tile6(float* panel, int columns, float* x, nint stride, float* sums)
    {
        V a0 = W.Broadcast(0f), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
        V e0 = a0, e1 = a0, f0 = a0, f1 = a0;
        float* x3 = x + 3 * stride;
        nint stride2 = 2 * stride;
        float* end = panel + (nint)columns * PanelRows;
        for (; panel < end; panel += PanelRows)
        {
            V w0 = W.Load(panel), w1 = W.Load(panel + W.Count);
            Add(w0, w1, *x, ref a0, ref a1);
            Add(w0, w1, x[stride], ref b0, ref b1);
            Add(w0, w1, x[stride2], ref c0, ref c1);
            Add(w0, w1, *x3, ref d0, ref d1);
            Add(w0, w1, x3[stride], ref e0, ref e1);
            Add(w0, w1, x3[stride2], ref f0, ref f1);
            x++;
            x3++;
        }

        Store(a0, a1, sums);
        Store(b0, b1, sums + PanelRows);
        Store(c0, c1, sums + 2 * PanelRows);
        Store(d0, d1, sums + 3 * PanelRows);
        Store(e0, e1, sums + 4 * PanelRows);
        Store(f0, f1, sums + 5 * PanelRows);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Tile2(float* panel, int columns, float* x, float* x1, float* sums)
    {
        V a0 = W.Broadcast(0f), a1 = a0, b0 = a0, b1 = a0;
        for (nint k = 0; k < columns; k++, panel += PanelRows)
        {
            V w0 = W.Load(panel), w1 = W.Load(panel + W.Count);
            Add(w0, w1, x[k], ref a0, ref a1);
            Add(w0, w1, x1[k], ref b0, ref b1);
        }

        Store(a0, a1, sums);
        Store(b0, b1, sums + PanelRows);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(V w0, V w1, float x, ref V sum0, ref V sum1)
    {
        V a = W.Broadcast(x);
        sum0 = W.MultiplyAdd(w0, a, sum0);
        sum1 = W.MultiplyAdd(w1, a, sum1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(V sum0, V sum1, float* sums)
    {
        W.Store(sum0, sums);
        W.Store(sum1, sums + W.Count);
    }
}
