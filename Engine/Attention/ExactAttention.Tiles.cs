using System.Runtime.CompilerServices;

namespace Engine.Attention;

/// <summary>Products of small matrices in registers.</summary>
/// <remarks>The tiles are not inlined: without that, some runs were 2.5 times slower than others, probably because
/// profile-guided inlining into their loops exhausted the inliner's budget.</remarks>
internal sealed unsafe partial class ExactAttention<W, V>
{
    /// <summary>c[4][width] = start + a[4][depth] · b[depth][width]. The width is a multiple of two vectors.</summary>
    /// <param name="a">Element (row, k) is at row · aRow + k · aStep.</param>
    /// <param name="aRow">Floats between rows of a.</param>
    /// <param name="aStep">Floats between the elements of a row.</param>
    /// <param name="depth">Products in a sum.</param>
    /// <param name="b">Element (k, column) is at k · bRow + column.</param>
    /// <param name="bRow">Floats between rows of b.</param>
    /// <param name="c">The sums.</param>
    /// <param name="cRow">Floats between rows of c.</param>
    /// <param name="width">Columns.</param>
    /// <param name="factors">What <typeparamref name="S"/> takes.</param>
    /// <typeparam name="S">What the sums start from.</typeparam>
    internal static void Multiply<S>(float* a, nint aRow, nint aStep, int depth, float* b, nint bRow, float* c,
        nint cRow, int width, float* factors) where S : struct, IStart
    {
        int column = 0;
        if (W.HasManyRegisters)
        {
            for (; column <= width - (4 * W.Count); column += 4 * W.Count)
            {
                Tile4By4<S>(a, aRow, aStep, depth, b + column, bRow, c + column, cRow,
                    S.AreOfColumns ? factors + column : factors);
            }
        }

        for (; column < width; column += 2 * W.Count)
        {
            Tile4By2<S>(a, aRow, aStep, depth, b + column, bRow, c + column, cRow,
                S.AreOfColumns ? factors + column : factors);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Tile4By4<S>(float* a, nint aRow, nint aStep, int depth, float* b, nint bRow, float* c,
        nint cRow, float* factors) where S : struct, IStart
    {
        V c00, c01, c02, c03, c10, c11, c12, c13, c20, c21, c22, c23, c30, c31, c32, c33;
        Start4<S>(c, factors, 0, out c00, out c01, out c02, out c03);
        Start4<S>(c + cRow, factors, 1, out c10, out c11, out c12, out c13);
        Start4<S>(c + (2 * cRow), factors, 2, out c20, out c21, out c22, out c23);
        Start4<S>(c + (3 * cRow), factors, 3, out c30, out c31, out c32, out c33);
        float* a1 = a + aRow, a2 = a1 + aRow, a3 = a2 + aRow;
        nint at = 0;
        for (int k = 0; k < depth; k++, b += bRow, at += aStep)
        {
            V b0 = W.Load(b), b1 = W.Load(b + W.Count), b2 = W.Load(b + (2 * W.Count)), b3 = W.Load(b + (3 * W.Count));
            V x = W.Broadcast(a[at]);
            c00 = W.MultiplyAdd(x, b0, c00);
            c01 = W.MultiplyAdd(x, b1, c01);
            c02 = W.MultiplyAdd(x, b2, c02);
            c03 = W.MultiplyAdd(x, b3, c03);
            x = W.Broadcast(a1[at]);
            c10 = W.MultiplyAdd(x, b0, c10);
            c11 = W.MultiplyAdd(x, b1, c11);
            c12 = W.MultiplyAdd(x, b2, c12);
            c13 = W.MultiplyAdd(x, b3, c13);
            x = W.Broadcast(a2[at]);
            c20 = W.MultiplyAdd(x, b0, c20);
            c21 = W.MultiplyAdd(x, b1, c21);
            c22 = W.MultiplyAdd(x, b2, c22);
            c23 = W.MultiplyAdd(x, b3, c23);
            x = W.Broadcast(a3[at]);
            c30 = W.MultiplyAdd(x, b0, c30);
            c31 = W.MultiplyAdd(x, b1, c31);
            c32 = W.MultiplyAdd(x, b2, c32);
            c33 = W.MultiplyAdd(x, b3, c33);
        }

        Store4(c, c00, c01, c02, c03);
        Store4(c + cRow, c10, c11, c12, c13);
        Store4(c + (2 * cRow), c20, c21, c22, c23);
        Store4(c + (3 * cRow), c30, c31, c32, c33);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Tile4By2<S>(float* a, nint aRow, nint aStep, int depth, float* b, nint bRow, float* c,
        nint cRow, float* factors) where S : struct, IStart
    {
        Start2<S>(c, factors, 0, 0, out V c00, out V c01);
        Start2<S>(c + cRow, factors, 1, 0, out V c10, out V c11);
        Start2<S>(c + (2 * cRow), factors, 2, 0, out V c20, out V c21);
        Start2<S>(c + (3 * cRow), factors, 3, 0, out V c30, out V c31);
        float* a1 = a + aRow, a2 = a1 + aRow, a3 = a2 + aRow;
        nint at = 0;
        for (int k = 0; k < depth; k++, b += bRow, at += aStep)
        {
            V b0 = W.Load(b), b1 = W.Load(b + W.Count);
            V x = W.Broadcast(a[at]);
            c00 = W.MultiplyAdd(x, b0, c00);
            c01 = W.MultiplyAdd(x, b1, c01);
            x = W.Broadcast(a1[at]);
            c10 = W.MultiplyAdd(x, b0, c10);
            c11 = W.MultiplyAdd(x, b1, c11);
            x = W.Broadcast(a2[at]);
            c20 = W.MultiplyAdd(x, b0, c20);
            c21 = W.MultiplyAdd(x, b1, c21);
            x = W.Broadcast(a3[at]);
            c30 = W.MultiplyAdd(x, b0, c30);
            c31 = W.MultiplyAdd(x, b1, c31);
        }

        Store2(c, c00, c01);
        Store2(c + cRow, c10, c11);
        Store2(c + (2 * cRow), c20, c21);
        Store2(c + (3 * cRow), c30, c31);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Start2<S>(float* c, float* factors, int row, int vector, out V c0, out V c1)
        where S : struct, IStart
    {
        c0 = S.Value(c, factors, row, vector);
        c1 = S.Value(c + W.Count, factors, row, vector + 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Start4<S>(float* c, float* factors, int row, out V c0, out V c1, out V c2, out V c3)
        where S : struct, IStart
    {
        Start2<S>(c, factors, row, 0, out c0, out c1);
        Start2<S>(c + (2 * W.Count), factors, row, 2, out c2, out c3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store2(float* c, V c0, V c1)
    {
        W.Store(c0, c);
        W.Store(c1, c + W.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store4(float* c, V c0, V c1, V c2, V c3)
    {
        Store2(c, c0, c1);
        Store2(c + (2 * W.Count), c2, c3);
    }

    /// <summary>What the sums of a tile start from.</summary>
    internal interface IStart
    {
        /// <summary>True if the factors belong to columns instead of rows.</summary>
        static abstract bool AreOfColumns { get; }

        static abstract V Value(float* c, float* factors, int row, int vector);
    }

    /// <summary>Zero.</summary>
    internal readonly struct FromZero : IStart
    {
        public static bool AreOfColumns => false;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Value(float* c, float* factors, int row, int vector) => W.Broadcast(0f);
    }

    /// <summary>The sums so far, each row times its factor.</summary>
    internal readonly struct FromRows : IStart
    {
        public static bool AreOfColumns => false;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Value(float* c, float* factors, int row, int vector) =>
            W.Multiply(W.Load(c), W.Broadcast(factors[row]));
    }

    /// <summary>The sums so far, each column times its factor.</summary>
    internal readonly struct FromColumns : IStart
    {
        public static bool AreOfColumns => true;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Value(float* c, float* factors, int row, int vector) =>
            W.Multiply(W.Load(c), W.Load(factors + (vector * W.Count)));
    }
}
