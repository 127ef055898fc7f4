using System.Runtime.CompilerServices;

namespace Engine.Attention;

/// <summary>Products of small matrices in registers.</summary>
/// <remarks>The tiles are not inlined: without that, some runs were 2.5 times slower than others, probably because
/// profile-guided inlining into their loops exhausted the inliner's budget.</remarks>
internal sealed unsafe partial class ExactAttention<W, V>
{
    /// <summary>c[4][width] = c · factor + a[4][depth] · b[depth][width]; factors null means c = a · b. The width is a
    /// multiple of 32.</summary>
    internal static void Multiply(float* a, nint aStride, int depth, float* b, nint bStride, float* c, nint cStride,
        int width, float* factors)
    {
        int column = 0;
        if (W.HasManyRegisters)
        {
            for (; column <= width - (4 * W.Count); column += 4 * W.Count)
                Tile4By4(a, aStride, depth, b + column, bStride, c + column, cStride, factors);
        }

        for (; column < width; column += 2 * W.Count)
            Tile4By2(a, aStride, depth, b + column, bStride, c + column, cStride, factors);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Tile4By4(float* a, nint aStride, int depth, float* b, nint bStride, float* c, nint cStride,
        float* factors)
    {
        V c00, c01, c02, c03, c10, c11, c12, c13, c20, c21, c22, c23, c30, c31, c32, c33;
        LoadRow4(c, factors, 0, out c00, out c01, out c02, out c03);
        LoadRow4(c + cStride, factors, 1, out c10, out c11, out c12, out c13);
        LoadRow4(c + (2 * cStride), factors, 2, out c20, out c21, out c22, out c23);
        LoadRow4(c + (3 * cStride), factors, 3, out c30, out c31, out c32, out c33);
        float* a1 = a + aStride, a2 = a1 + aStride, a3 = a2 + aStride;
        for (int k = 0; k < depth; k++, b += bStride)
        {
            V b0 = W.Load(b), b1 = W.Load(b + W.Count), b2 = W.Load(b + (2 * W.Count)), b3 = W.Load(b + (3 * W.Count));
            V x = W.Broadcast(a[k]);
            c00 = W.MultiplyAdd(x, b0, c00);
            c01 = W.MultiplyAdd(x, b1, c01);
            c02 = W.MultiplyAdd(x, b2, c02);
            c03 = W.MultiplyAdd(x, b3, c03);
            x = W.Broadcast(a1[k]);
            c10 = W.MultiplyAdd(x, b0, c10);
            c11 = W.MultiplyAdd(x, b1, c11);
            c12 = W.MultiplyAdd(x, b2, c12);
            c13 = W.MultiplyAdd(x, b3, c13);
            x = W.Broadcast(a2[k]);
            c20 = W.MultiplyAdd(x, b0, c20);
            c21 = W.MultiplyAdd(x, b1, c21);
            c22 = W.MultiplyAdd(x, b2, c22);
            c23 = W.MultiplyAdd(x, b3, c23);
            x = W.Broadcast(a3[k]);
            c30 = W.MultiplyAdd(x, b0, c30);
            c31 = W.MultiplyAdd(x, b1, c31);
            c32 = W.MultiplyAdd(x, b2, c32);
            c33 = W.MultiplyAdd(x, b3, c33);
        }

        StoreRow4(c, c00, c01, c02, c03);
        StoreRow4(c + cStride, c10, c11, c12, c13);
        StoreRow4(c + (2 * cStride), c20, c21, c22, c23);
        StoreRow4(c + (3 * cStride), c30, c31, c32, c33);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Tile4By2(float* a, nint aStride, int depth, float* b, nint bStride, float* c, nint cStride,
        float* factors)
    {
        LoadRow2(c, factors, 0, out V c00, out V c01);
        LoadRow2(c + cStride, factors, 1, out V c10, out V c11);
        LoadRow2(c + (2 * cStride), factors, 2, out V c20, out V c21);
        LoadRow2(c + (3 * cStride), factors, 3, out V c30, out V c31);
        float* a1 = a + aStride, a2 = a1 + aStride, a3 = a2 + aStride;
        for (int k = 0; k < depth; k++, b += bStride)
        {
            V b0 = W.Load(b), b1 = W.Load(b + W.Count);
            V x = W.Broadcast(a[k]);
            c00 = W.MultiplyAdd(x, b0, c00);
            c01 = W.MultiplyAdd(x, b1, c01);
            x = W.Broadcast(a1[k]);
            c10 = W.MultiplyAdd(x, b0, c10);
            c11 = W.MultiplyAdd(x, b1, c11);
            x = W.Broadcast(a2[k]);
            c20 = W.MultiplyAdd(x, b0, c20);
            c21 = W.MultiplyAdd(x, b1, c21);
            x = W.Broadcast(a3[k]);
            c30 = W.MultiplyAdd(x, b0, c30);
            c31 = W.MultiplyAdd(x, b1, c31);
        }

        StoreRow2(c, c00, c01);
        StoreRow2(c + cStride, c10, c11);
        StoreRow2(c + (2 * cStride), c20, c21);
        StoreRow2(c + (3 * cStride), c30, c31);
    }

    /// <summary>c = c · factor + a · b for one row.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void MultiplyRow(float* a, int depth, float* b, nint bStride, float* c, int width, float factor)
    {
        for (int column = 0; column < width; column += 2 * W.Count)
        {
            LoadRow2(c + column, &factor, 0, out V c0, out V c1);
            V d0 = W.Broadcast(0f), d1 = d0;
            float* from = b + column;
            int k = 0;
            for (; k <= depth - 2; k += 2, from += 2 * bStride)
            {
                V x = W.Broadcast(a[k]), y = W.Broadcast(a[k + 1]);
                c0 = W.MultiplyAdd(x, W.Load(from), c0);
                c1 = W.MultiplyAdd(x, W.Load(from + W.Count), c1);
                d0 = W.MultiplyAdd(y, W.Load(from + bStride), d0);
                d1 = W.MultiplyAdd(y, W.Load(from + bStride + W.Count), d1);
            }

            if (k < depth)
            {
                V x = W.Broadcast(a[k]);
                c0 = W.MultiplyAdd(x, W.Load(from), c0);
                c1 = W.MultiplyAdd(x, W.Load(from + W.Count), c1);
            }

            StoreRow2(c + column, W.Add(c0, d0), W.Add(c1, d1));
        }
    }

    /// <summary>scores[r][s] = query r · key s, by dot products over padded rows.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Dots(float* queries, int elements, int rows, float* keys, nint keyStride, int slots,
        float* scores, nint scoreStride)
    {
        for (int s = 0; s < slots; s += 4)
        {
            // Where fewer than four are left the last key stands in; the mask hides what it gives.
            float* k0 = keys + (s * keyStride);
            float* k1 = keys + (Math.Min(s + 1, slots - 1) * keyStride);
            float* k2 = keys + (Math.Min(s + 2, slots - 1) * keyStride);
            float* k3 = keys + (Math.Min(s + 3, slots - 1) * keyStride);
            int r = 0;
            for (; r <= rows - 2; r += 2)
            {
                float* query = queries + (r * elements), next = query + elements;
                V s0 = W.Broadcast(0f), s1 = s0, s2 = s0, s3 = s0, t0 = s0, t1 = s0, t2 = s0, t3 = s0;
                for (int k = 0; k < elements; k += W.Count)
                {
                    V q = W.Load(query + k), p = W.Load(next + k), key = W.Load(k0 + k);
                    s0 = W.MultiplyAdd(q, key, s0);
                    t0 = W.MultiplyAdd(p, key, t0);
                    key = W.Load(k1 + k);
                    s1 = W.MultiplyAdd(q, key, s1);
                    t1 = W.MultiplyAdd(p, key, t1);
                    key = W.Load(k2 + k);
                    s2 = W.MultiplyAdd(q, key, s2);
                    t2 = W.MultiplyAdd(p, key, t2);
                    key = W.Load(k3 + k);
                    s3 = W.MultiplyAdd(q, key, s3);
                    t3 = W.MultiplyAdd(p, key, t3);
                }

                W.StoreSums(s0, s1, s2, s3, scores + (r * scoreStride) + s);
                W.StoreSums(t0, t1, t2, t3, scores + ((r + 1) * scoreStride) + s);
            }

            if (r < rows)
            {
                float* query = queries + (r * elements);
                V s0 = W.Broadcast(0f), s1 = s0, s2 = s0, s3 = s0;
                for (int k = 0; k < elements; k += W.Count)
                {
                    V q = W.Load(query + k);
                    s0 = W.MultiplyAdd(q, W.Load(k0 + k), s0);
                    s1 = W.MultiplyAdd(q, W.Load(k1 + k), s1);
                    s2 = W.MultiplyAdd(q, W.Load(k2 + k), s2);
                    s3 = W.MultiplyAdd(q, W.Load(k3 + k), s3);
                }

                W.StoreSums(s0, s1, s2, s3, scores + (r * scoreStride) + s);
            }
        }
    }
}
