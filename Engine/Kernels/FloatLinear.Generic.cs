using Engine.Isa;

namespace Engine.Kernels;

/// <summary>y = x · Wᵀ with f32 activations: dot products in a register tile of rows × tokens.</summary>
/// <remarks>Every output is one vector accumulator along the columns, summed across at the end, whatever the tile: so a
/// result depends neither on the partition of rows nor on how many tokens come together. Weights narrower than f32 are
/// widened once into scratch when enough tokens share them, because .NET has no F16C and widening costs eight
/// operations a vector.</remarks>
internal sealed unsafe class FloatLinear<W, V, TWeight>(string name) : LinearKernel
    where W : struct, IFloatWords<V>
    where V : unmanaged
    where TWeight : struct, IFloatWeight
{
    private const int TileRows = 4;

    /// <summary>Tokens from which on widened weights pay for the pass that stores them.</summary>
    private const int PanelTokens = 4;

    /// <summary>Widened rows should stay in the second-level cache with the tokens they meet.</summary>
    private const int PanelBytes = 128 * 1024;

    public override ActivationKinds Input => ActivationKinds.Single;

    public override int RowGranularity => TileRows;

    public override string Name => name;

    public override void Multiply(in WeightView weights, int rowBegin, int rowEnd, in ActivationView input,
        float* output, nint outputStride, byte* scratch)
    {
        nint rowBytes = (nint)input.Columns * sizeof(float);
        int panelRows = (int)Math.Max(PanelBytes / rowBytes / TileRows * TileRows, TileRows);
        bool widen = TWeight.Bytes != sizeof(float) && input.Rows >= PanelTokens
            && panelRows * rowBytes <= ScratchBytes;
        for (int begin = rowBegin; begin < rowEnd; begin += panelRows)
        {
            int rows = Math.Min(panelRows, rowEnd - begin);
            byte* data = weights.Data + (begin * weights.RowBytes);
            if (widen)
            {
                Widen(data, weights.RowBytes, rows, input.Columns, (float*)scratch);
                MultiplyPanel<SingleWeight>(scratch, rowBytes, rows, input, output + begin, outputStride);
            }
            else
            {
                MultiplyPanel<TWeight>(data, weights.RowBytes, rows, input, output + begin, outputStride);
            }
        }
    }

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

    private static void MultiplyPanel<T>(byte* data, nint rowBytes, int rows, in ActivationView input, float* output,
        nint outputStride)
        where T : struct, IFloatWeight
    {
        int tileTokens = W.HasManyRegisters ? 4 : 2;
        float* sums = stackalloc float[TileRows * 4];
        for (int token = 0; token < input.Rows;)
        {
            int tokens = input.Rows - token >= tileTokens ? tileTokens : input.Rows - token >= 2 ? 2 : 1;
            float* x = input.Values + (token * input.ValueStride);
            float* y = output + (token * outputStride);
            for (int row = 0; row < rows; row += TileRows)
            {
                int tileRows = Math.Min(TileRows, rows - row);
                var tile = new Rows4(data + (row * rowBytes), rowBytes, tileRows);
                if (tokens == 4) Tile4<T>(tile, x, input.ValueStride, input.Columns, sums);
                else if (tokens == 2) Tile2<T>(tile, x, x + input.ValueStride, input.Columns, sums);
                else Tile1<T>(tile, x, input.Columns, sums);
                for (int t = 0; t < tokens; t++)
                {
                    for (int r = 0; r < tileRows; r++) y[(t * outputStride) + row + r] = sums[(t * TileRows) + r];
                }
            }

            token += tokens;
        }
    }

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
}
