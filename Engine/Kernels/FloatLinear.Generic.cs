using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>y = x · Wᵀ with f32 activations: dot products in a register tile of rows × tokens.</summary>
/// <remarks>Every output is the sum over blocks of columns of one vector accumulator's lanes, whatever the tile: so a
/// result depends neither on the partition of rows nor on how many tokens come together. Weights narrower than f32 are
/// widened once into scratch when enough tokens share them, because .NET has no F16C and widening costs eight
/// operations a vector. The tiles are not inlined: profile-guided inlining of a tile into its loop was seen to leave
/// calls between its vectors (2.5 times slower).</remarks>
internal sealed unsafe class FloatLinear<W, V, TWeight>(string name) : LinearKernel
    where W : struct, IFloatWords<V>
    where V : unmanaged
    where TWeight : struct, IFloatWeight
{
    private const int TileRows = 4;

    /// <summary>Tokens from which on rows are taken in panels, and widened weights pay for the pass that stores them.
    /// </summary>
    private const int PanelTokens = 4;

    /// <summary>Rows of a panel and columns of a block: together 128 KiB of f32 in the second-level cache, while a
    /// tile's four rows and four tokens are 32 KiB in the first (whole rows of 2,048: half the speed).</summary>
    private const int PanelRows = 32;
    private const int BlockColumns = 1024;

    public override ActivationKinds Input => ActivationKinds.Single;

    public override int RowGranularity => TileRows;

    public override string Name => name;

    public override void Multiply(in WeightView weights, int rowBegin, int rowEnd, in ActivationView input,
        float* output, nint outputStride, byte* scratch)
    {
        bool isPanel = input.Rows >= PanelTokens;
        int panelRows = isPanel ? PanelRows : TileRows;
        for (int begin = rowBegin; begin < rowEnd; begin += panelRows)
        {
            int rows = Math.Min(panelRows, rowEnd - begin);
            for (int column = 0; column < input.Columns; column += BlockColumns)
            {
                int columns = Math.Min(BlockColumns, input.Columns - column);
                var block = new Block(input, column, columns, output + begin, outputStride);
                byte* data = weights.Data + (begin * weights.RowBytes) + ((nint)column * TWeight.Bytes);
                if (isPanel && TWeight.Bytes != sizeof(float))
                {
                    Widen(data, weights.RowBytes, rows, columns, (float*)scratch);
                    MultiplyBlock<SingleWeight>(scratch, (nint)columns * sizeof(float), rows, block);
                }
                else
                {
                    MultiplyBlock<TWeight>(data, weights.RowBytes, rows, block);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Widen(byte* data, nint rowBytes, int rows, int columns, float* wide)
    {
        for (int row = 0; row < rows; row++, data += rowBytes, wide += columns)
        {
            int i = 0;
            for (; i <= columns - W.Count; i += W.Count)
                W.Store(TWeight.Load<W, V>(data + ((nint)i * TWeight.Bytes)), wide + i);
            for (; i < columns; i++)
                wide[i] = TWeight.Load<FloatWordsScalar, float>(data + ((nint)i * TWeight.Bytes));
        }
    }

    private static void MultiplyBlock<T>(byte* data, nint rowBytes, int rows, in Block block)
        where T : struct, IFloatWeight
    {
        int tileTokens = W.HasManyRegisters ? 4 : 2;
        float* sums = stackalloc float[TileRows * 4];
        for (int token = 0; token < block.Tokens;)
        {
            int tokens = block.Tokens - token >= tileTokens ? tileTokens : block.Tokens - token >= 2 ? 2 : 1;
            float* x = block.Input + (token * block.InputStride);
            float* y = block.Output + (token * block.OutputStride);
            for (int row = 0; row < rows; row += TileRows)
            {
                int tileRows = Math.Min(TileRows, rows - row);
                var tile = new Rows4(data + (row * rowBytes), rowBytes, tileRows);
                if (tokens == 4) Tile4<T>(tile, x, block.InputStride, block.Columns, sums);
                else if (tokens == 2) Tile2<T>(tile, x, x + block.InputStride, block.Columns, sums);
                else Tile1<T>(tile, x, block.Columns, sums);
                StoreTile(sums, tileRows, tokens, y + row, block);
            }

            token += tokens;
        }
    }

    private static void StoreTile(float* sums, int rows, int tokens, float* output, in Block block)
    {
        for (int t = 0; t < tokens; t++, sums += TileRows, output += block.OutputStride)
        {
            for (int r = 0; r < rows; r++) output[r] = block.IsFirst ? sums[r] : output[r] + sums[r];
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Tile1<T>(in Rows4 rows, float* x, int columns, float* sums)
        where T : struct, IFloatWeight
    {
        byte* w0 = rows.Row0, w1 = rows.Row1, w2 = rows.Row2, w3 = rows.Row3;
        V s0 = W.Broadcast(0f), s1 = s0, s2 = s0, s3 = s0;
        int k = 0;
        for (; k <= columns - W.Count; k += W.Count)
        {
            V a = W.Load(x + k);
            nint at = (nint)k * T.Bytes;
            s0 = W.MultiplyAdd(T.Load<W, V>(w0 + at), a, s0);
            s1 = W.MultiplyAdd(T.Load<W, V>(w1 + at), a, s1);
            s2 = W.MultiplyAdd(T.Load<W, V>(w2 + at), a, s2);
            s3 = W.MultiplyAdd(T.Load<W, V>(w3 + at), a, s3);
        }

        W.StoreSums(s0, s1, s2, s3, sums);
        AddRest<T>(rows, x, k, columns, sums);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Tile2<T>(in Rows4 rows, float* x, float* x1, int columns, float* sums)
        where T : struct, IFloatWeight
    {
        byte* w0 = rows.Row0, w1 = rows.Row1, w2 = rows.Row2, w3 = rows.Row3;
        V s0 = W.Broadcast(0f), s1 = s0, s2 = s0, s3 = s0, t0 = s0, t1 = s0, t2 = s0, t3 = s0;
        int k = 0;
        for (; k <= columns - W.Count; k += W.Count)
        {
            V a = W.Load(x + k), b = W.Load(x1 + k);
            nint at = (nint)k * T.Bytes;
            V w = T.Load<W, V>(w0 + at);
            s0 = W.MultiplyAdd(w, a, s0);
            t0 = W.MultiplyAdd(w, b, t0);
            w = T.Load<W, V>(w1 + at);
            s1 = W.MultiplyAdd(w, a, s1);
            t1 = W.MultiplyAdd(w, b, t1);
            w = T.Load<W, V>(w2 + at);
            s2 = W.MultiplyAdd(w, a, s2);
            t2 = W.MultiplyAdd(w, b, t2);
            w = T.Load<W, V>(w3 + at);
            s3 = W.MultiplyAdd(w, a, s3);
            t3 = W.MultiplyAdd(w, b, t3);
        }

        W.StoreSums(s0, s1, s2, s3, sums);
        W.StoreSums(t0, t1, t2, t3, sums + TileRows);
        AddRest<T>(rows, x, k, columns, sums);
        AddRest<T>(rows, x1, k, columns, sums + TileRows);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Tile4<T>(in Rows4 rows, float* x, nint stride, int columns, float* sums)
        where T : struct, IFloatWeight
    {
        byte* w0 = rows.Row0, w1 = rows.Row1, w2 = rows.Row2, w3 = rows.Row3;
        float* x1 = x + stride, x2 = x1 + stride, x3 = x2 + stride;
        V s0 = W.Broadcast(0f), s1 = s0, s2 = s0, s3 = s0, t0 = s0, t1 = s0, t2 = s0, t3 = s0;
        V u0 = s0, u1 = s0, u2 = s0, u3 = s0, v0 = s0, v1 = s0, v2 = s0, v3 = s0;
        int k = 0;
        for (; k <= columns - W.Count; k += W.Count)
        {
            V a = W.Load(x + k), b = W.Load(x1 + k), c = W.Load(x2 + k), d = W.Load(x3 + k);
            nint at = (nint)k * T.Bytes;
            V w = T.Load<W, V>(w0 + at);
            s0 = W.MultiplyAdd(w, a, s0);
            t0 = W.MultiplyAdd(w, b, t0);
            u0 = W.MultiplyAdd(w, c, u0);
            v0 = W.MultiplyAdd(w, d, v0);
            w = T.Load<W, V>(w1 + at);
            s1 = W.MultiplyAdd(w, a, s1);
            t1 = W.MultiplyAdd(w, b, t1);
            u1 = W.MultiplyAdd(w, c, u1);
            v1 = W.MultiplyAdd(w, d, v1);
            w = T.Load<W, V>(w2 + at);
            s2 = W.MultiplyAdd(w, a, s2);
            t2 = W.MultiplyAdd(w, b, t2);
            u2 = W.MultiplyAdd(w, c, u2);
            v2 = W.MultiplyAdd(w, d, v2);
            w = T.Load<W, V>(w3 + at);
            s3 = W.MultiplyAdd(w, a, s3);
            t3 = W.MultiplyAdd(w, b, t3);
            u3 = W.MultiplyAdd(w, c, u3);
            v3 = W.MultiplyAdd(w, d, v3);
        }

        W.StoreSums(s0, s1, s2, s3, sums);
        W.StoreSums(t0, t1, t2, t3, sums + TileRows);
        W.StoreSums(u0, u1, u2, u3, sums + (2 * TileRows));
        W.StoreSums(v0, v1, v2, v3, sums + (3 * TileRows));
        for (int t = 0; t < 4; t++) AddRest<T>(rows, x + (t * stride), k, columns, sums + (t * TileRows));
    }

    /// <summary>Adds the columns that do not fill a vector.</summary>
    private static void AddRest<T>(in Rows4 rows, float* x, int begin, int columns, float* sums)
        where T : struct, IFloatWeight
    {
        for (int k = begin; k < columns; k++)
        {
            nint at = (nint)k * T.Bytes;
            sums[0] += T.Load<FloatWordsScalar, float>(rows.Row0 + at) * x[k];
            sums[1] += T.Load<FloatWordsScalar, float>(rows.Row1 + at) * x[k];
            sums[2] += T.Load<FloatWordsScalar, float>(rows.Row2 + at) * x[k];
            sums[3] += T.Load<FloatWordsScalar, float>(rows.Row3 + at) * x[k];
        }
    }

    /// <summary>Four rows of weights; where fewer are left the last one stands in, and its sums are not stored.
    /// </summary>
    private readonly struct Rows4(byte* first, nint rowBytes, int rows)
    {
        public readonly byte* Row0 = first;
        public readonly byte* Row1 = first + (Math.Min(1, rows - 1) * rowBytes);
        public readonly byte* Row2 = first + (Math.Min(2, rows - 1) * rowBytes);
        public readonly byte* Row3 = first + (Math.Min(3, rows - 1) * rowBytes);
    }

    /// <summary>A block of columns of the input, and the outputs of a panel's rows.</summary>
    private readonly struct Block(in ActivationView input, int column, int columns, float* output, nint outputStride)
    {
        public readonly int Tokens = input.Rows;
        public readonly int Columns = columns;
        public readonly bool IsFirst = column == 0;
        public readonly float* Input = input.Values + column;
        public readonly nint InputStride = input.ValueStride;
        public readonly float* Output = output;
        public readonly nint OutputStride = outputStride;
    }
}
