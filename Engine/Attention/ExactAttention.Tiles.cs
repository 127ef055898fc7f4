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
}
