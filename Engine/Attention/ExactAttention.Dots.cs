using System.Runtime.CompilerServices;

namespace Engine.Attention;

/// <summary>The two loops over the cache that few query rows take: the rows share every vector that is read.</summary>
/// <remarks>What a number parameter rules out, the compiler drops.</remarks>
internal sealed unsafe partial class ExactAttention<W, V>
{
    /// <summary>Dot products of R rows with four keys at a time; asks for the values that are wanted next.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Dots<C, R>(float* queries, int elements, byte* keys, nint keyBytes, int slots, float* scores,
        byte* values, nint valueBytes)
        where C : struct, ICacheVectors<V>
        where R : struct, INumber
    {
        for (int s = 0; s < slots; s += 4)
        {
            Prefetch(values + (s * valueBytes), 4 * valueBytes);
            // Where fewer than four are left the last key stands in; the mask hides what it gives.
            byte* k0 = keys + (s * keyBytes);
            byte* k1 = keys + (Math.Min(s + 1, slots - 1) * keyBytes);
            byte* k2 = keys + (Math.Min(s + 2, slots - 1) * keyBytes);
            byte* k3 = keys + (Math.Min(s + 3, slots - 1) * keyBytes);
            V a0 = W.Broadcast(0f), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
            V c0 = a0, c1 = a0, c2 = a0, c3 = a0, d0 = a0, d1 = a0, d2 = a0, d3 = a0;
            float* query = queries, end = queries + elements;
            while (query < end)
            {
                V s0 = C.Scale(k0), s1 = C.Scale(k1), s2 = C.Scale(k2), s3 = C.Scale(k3);
                for (int e = 0; e < CacheRows.BlockElements; e += W.Count, query += W.Count)
                {
                    V x = C.Load(k0, e, s0);
                    V q = W.Load(query), r = q, t = q, u = q;
                    if (R.Value > 1) r = W.Load(query + elements);
                    if (R.Value > 2) t = W.Load(query + (2 * elements));
                    if (R.Value > 3) u = W.Load(query + (3 * elements));
                    Add<R>(x, q, r, t, u, ref a0, ref b0, ref c0, ref d0);
                    Add<R>(C.Load(k1, e, s1), q, r, t, u, ref a1, ref b1, ref c1, ref d1);
                    Add<R>(C.Load(k2, e, s2), q, r, t, u, ref a2, ref b2, ref c2, ref d2);
                    Add<R>(C.Load(k3, e, s3), q, r, t, u, ref a3, ref b3, ref c3, ref d3);
                }

                k0 += C.BlockBytes;
                k1 += C.BlockBytes;
                k2 += C.BlockBytes;
                k3 += C.BlockBytes;
            }

            W.StoreSums(a0, a1, a2, a3, scores + s);
            if (R.Value > 1) W.StoreSums(b0, b1, b2, b3, scores + FewScratch.BlockSlots + s);
            if (R.Value > 2) W.StoreSums(c0, c1, c2, c3, scores + (2 * FewScratch.BlockSlots) + s);
            if (R.Value > 3) W.StoreSums(d0, d1, d2, d3, scores + (3 * FewScratch.BlockSlots) + s);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<R>(V x, V q, V r, V t, V u, ref V a, ref V b, ref V c, ref V d) where R : struct, INumber
    {
        a = W.MultiplyAdd(q, x, a);
        if (R.Value > 1) b = W.MultiplyAdd(r, x, b);
        if (R.Value > 2) c = W.MultiplyAdd(t, x, c);
        if (R.Value > 3) d = W.MultiplyAdd(u, x, d);
    }

    /// <summary>N vectors of the sums of R rows, in registers over all slots.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddColumns<C, R, N>(in ValueTask task, int column)
        where C : struct, ICacheVectors<V>
        where R : struct, INumber
        where N : struct, INumber
    {
        float* sums = task.Sums + column;
        nint sumStride = task.SumStride;
        V a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3;
        LoadSums<N>(sums, task.Factors[0], out a0, out a1, out a2, out a3);
        b0 = b1 = b2 = b3 = c0 = c1 = c2 = c3 = d0 = d1 = d2 = d3 = a0;
        if (R.Value > 1) LoadSums<N>(sums + sumStride, task.Factors[1], out b0, out b1, out b2, out b3);
        if (R.Value > 2) LoadSums<N>(sums + (2 * sumStride), task.Factors[2], out c0, out c1, out c2, out c3);
        if (R.Value > 3) LoadSums<N>(sums + (3 * sumStride), task.Factors[3], out d0, out d1, out d2, out d3);

        // The second pair of vectors may lie in the next block.
        int second = column + (2 * W.Count);
        int e0 = column % CacheRows.BlockElements, e2 = second % CacheRows.BlockElements;
        byte* low = task.Values + (column / CacheRows.BlockElements * C.BlockBytes);
        byte* high = task.Values + (second / CacheRows.BlockElements * C.BlockBytes);
        float* weights = task.Weights, end = weights + task.Slots;
        byte* next = column == 0 ? task.NextKeys : null;
        for (; weights < end; weights++, low += task.ValueBytes, high += task.ValueBytes)
        {
            if (next != null)
            {
                Prefetch(next, task.KeyBytes);
                next += task.KeyBytes;
            }

            V scale = C.Scale(low), wa = W.Broadcast(*weights), wb = wa, wc = wa, wd = wa;
            if (R.Value > 1) wb = W.Broadcast(weights[FewScratch.BlockSlots]);
            if (R.Value > 2) wc = W.Broadcast(weights[2 * FewScratch.BlockSlots]);
            if (R.Value > 3) wd = W.Broadcast(weights[3 * FewScratch.BlockSlots]);
            Add<R>(C.Load(low, e0, scale), wa, wb, wc, wd, ref a0, ref b0, ref c0, ref d0);
            Add<R>(C.Load(low, e0 + W.Count, scale), wa, wb, wc, wd, ref a1, ref b1, ref c1, ref d1);
            if (N.Value == 2) continue;
            scale = C.Scale(high);
            Add<R>(C.Load(high, e2, scale), wa, wb, wc, wd, ref a2, ref b2, ref c2, ref d2);
            Add<R>(C.Load(high, e2 + W.Count, scale), wa, wb, wc, wd, ref a3, ref b3, ref c3, ref d3);
        }

        StoreSums<N>(sums, a0, a1, a2, a3);
        if (R.Value > 1) StoreSums<N>(sums + sumStride, b0, b1, b2, b3);
        if (R.Value > 2) StoreSums<N>(sums + (2 * sumStride), c0, c1, c2, c3);
        if (R.Value > 3) StoreSums<N>(sums + (3 * sumStride), d0, d1, d2, d3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadSums<N>(float* sums, float factor, out V v0, out V v1, out V v2, out V v3)
        where N : struct, INumber
    {
        Start2<FromRows>(sums, &factor, 0, 0, out v0, out v1);
        v2 = v3 = v0;
        if (N.Value == 4) Start2<FromRows>(sums + (2 * W.Count), &factor, 0, 0, out v2, out v3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreSums<N>(float* sums, V v0, V v1, V v2, V v3) where N : struct, INumber
    {
        Store2(sums, v0, v1);
        if (N.Value == 4) Store2(sums + (2 * W.Count), v2, v3);
    }
}
