using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>Few tokens times rows of floats, widened in registers from where they lie.</summary>
/// <remarks>One row at a time, so that memory is read in order: four rows side by side shared the loads of activations
/// but misled the processor's prefetcher. A row's dot product is cut into blocks of columns, four sums each, which are
/// added in a fixed order: a result depends neither on the other rows nor on the other tokens of a call. The kernels
/// are not inlined: profile-guided inlining into the caller left calls between vectors (four times slower).</remarks>
internal sealed unsafe class FloatMatVec<W, V, TWeight>(string name) : LinearKernel
    where W : struct, IFloatWords<V>
    where V : unmanaged
    where TWeight : struct, IFloatWeight
{
    /// <summary>Columns of a block: four tokens' activations are 16 KiB, half of the first-level cache.</summary>
    private const int BlockColumns = 1024;

    /// <summary>Most columns of which one token's activations outlast a row that streams through a first-level cache of
    /// 32 KiB. Beyond, row after row read 11 GB/s where memory gave 24, spans of columns with later rows asked for
    /// 22.</summary>
    private const int MostColumns = 4096;

    /// <summary>Rows that all tokens of a call pass before the next are read.</summary>
    private const int SharedRows = 16;

    public override ActivationKinds Input => ActivationKinds.Single;

    public override int RowGranularity => 1;

    public override string Name => name;

    private static int Step
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => W.Count * TWeight.Bytes;
    }

    public override void Multiply(in WeightView weights, int rowBegin, int rowEnd, in ActivationView input,
        float* output, nint outputStride, byte* scratch)
    {
        if (input.Rows == 1 && input.Columns <= MostColumns)
        {
            OneToken(weights.Data + rowBegin * weights.RowBytes, weights.RowBytes, rowEnd - rowBegin, input.Columns,
                input.Values, output + rowBegin, PrefetchBytes, true);
            return;
        }

        // As many columns at once as the first-level cache holds activations of the tokens that go together. Where that
        // is less than a row, memory is read in pieces, which the processor does not foresee, and where tokens go in
        // several groups, it stands still between the first ones: so rows are asked for, worth up to a half.
        int group = W.HasManyRegisters && input.Rows >= 4 ? 4 : 2;
        int span = group == 4 ? BlockColumns : 2 * BlockColumns;
        nint ahead = input.Columns > span || input.Rows > group ? SharedRows * weights.RowBytes : 0;
        for (int row = rowBegin; row < rowEnd; row += SharedRows)
        {
            int rows = Math.Min(SharedRows, rowEnd - row);
            for (int column = 0; column < input.Columns; column += span)
            {
                byte* data = weights.Data + row * weights.RowBytes + (nint)column * TWeight.Bytes;
                int columns = Math.Min(span, input.Columns - column);
                SharedBlock(new Block(data, weights.RowBytes, rows, columns, column == 0, ahead), input,
                    input.Values + column, output + row, outputStride);
            }
        }
    }

    /// <summary>All tokens past some rows' part that lies in a span of columns.</summary>
    private static void SharedBlock(in Block block, in ActivationView input, float* x, float* output, nint outputStride)
    {
        nint stride = input.ValueStride;
        int left = input.Rows;
        for (; W.HasManyRegisters && left >= 4; left -= 4, x += 4 * stride, output += 4 * outputStride)
            FourTokens(block, x, stride, output, outputStride);

        for (; left >= 2; left -= 2, x += 2 * stride, output += 2 * outputStride)
            TwoTokens(block, x, x + stride, output, output + outputStride);
        if (left == 0) return;
        OneToken(block.Data, block.RowBytes, block.Rows, block.Columns, x, output, block.Ahead, block.IsFirst);
    }

    /// <remarks>The loop over rows is inside: short rows are not worth a call each.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void OneToken(byte* data, nint rowBytes, int rows, int columns, float* x, float* output,
        nint prefetch, bool isFirst)
    {
        for (int r = 0; r < rows; r++, data += rowBytes)
        {
            byte* w = data;
            for (int begin = 0; begin < columns; begin += BlockColumns)
            {
                int end = Math.Min(begin + BlockColumns, columns);
                V s0 = W.Broadcast(0f), s1 = s0, s2 = s0, s3 = s0;
                nint k = begin;
                for (; k <= end - 4 * W.Count; k += 4 * W.Count, w += 4 * Step)
                {
                    if (prefetch != 0) Prefetch(w + prefetch);
                    s0 = W.MultiplyAdd(TWeight.Load<W, V>(w), W.Load(x + k), s0);
                    s1 = W.MultiplyAdd(TWeight.Load<W, V>(w + Step), W.Load(x + k + W.Count), s1);
                    s2 = W.MultiplyAdd(TWeight.Load<W, V>(w + 2 * Step), W.Load(x + k + 2 * W.Count), s2);
                    s3 = W.MultiplyAdd(TWeight.Load<W, V>(w + 3 * Step), W.Load(x + k + 3 * W.Count), s3);
                }

                for (; k <= end - W.Count; k += W.Count, w += Step)
                    s0 = W.MultiplyAdd(TWeight.Load<W, V>(w), W.Load(x + k), s0);
                float sum = Total(s0, s1, s2, s3);
                for (; k < end; k++, w += TWeight.Bytes)
                    sum += TWeight.Load<FloatWordsScalar, float>(w) * x[k];
                output[r] = isFirst && begin == 0 ? sum : output[r] + sum;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void TwoTokens(in Block block, float* x, float* x1, float* output, float* output1)
    {
        byte* data = block.Data;
        nint ahead = block.Ahead;
        for (int r = 0; r < block.Rows; r++, data += block.RowBytes)
        {
            byte* w = data;
            for (int begin = 0; begin < block.Columns; begin += BlockColumns)
            {
                int end = Math.Min(begin + BlockColumns, block.Columns);
                V s0 = W.Broadcast(0f), s1 = s0, s2 = s0, s3 = s0, t0 = s0, t1 = s0, t2 = s0, t3 = s0;
                nint k = begin;
                for (; k <= end - 4 * W.Count; k += 4 * W.Count, w += 4 * Step)
                {
                    if (ahead != 0) Prefetch(w + ahead);
                    Add2(w, x + k, x1 + k, ref s0, ref t0);
                    Add2(w + Step, x + k + W.Count, x1 + k + W.Count, ref s1, ref t1);
                    Add2(w + 2 * Step, x + k + 2 * W.Count, x1 + k + 2 * W.Count, ref s2, ref t2);
                    Add2(w + 3 * Step, x + k + 3 * W.Count, x1 + k + 3 * W.Count, ref s3, ref t3);
                }

                for (; k <= end - W.Count; k += W.Count, w += Step) Add2(w, x + k, x1 + k, ref s0, ref t0);
                bool isFirst = block.IsFirst && begin == 0;
                Store(output + r, Total(s0, s1, s2, s3), w, x + k, end - (int)k, isFirst);
                Store(output1 + r, Total(t0, t1, t2, t3), w, x1 + k, end - (int)k, isFirst);
            }
        }
    }

    /// <remarks>Of a block with no more than <see cref="BlockColumns"/> columns.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void FourTokens(in Block block, float* x, nint stride, float* output, nint outputStride)
    {
        byte* data = block.Data;
        int columns = block.Columns;
        nint ahead = block.Ahead;
        float* x1 = x + stride, x2 = x1 + stride, x3 = x2 + stride;
        for (int r = 0; r < block.Rows; r++, data += block.RowBytes)
        {
            byte* w = data;
            V s0 = W.Broadcast(0f), s1 = s0, s2 = s0, s3 = s0, t0 = s0, t1 = s0, t2 = s0, t3 = s0;
            V u0 = s0, u1 = s0, u2 = s0, u3 = s0, v0 = s0, v1 = s0, v2 = s0, v3 = s0;
            nint k = 0;
            for (; k <= columns - 4 * W.Count; k += 4 * W.Count, w += 4 * Step)
            {
                if (ahead != 0) Prefetch(w + ahead);
                Add4(w, x + k, x1 + k, x2 + k, x3 + k, ref s0, ref t0, ref u0, ref v0);
                nint n = k + W.Count;
                Add4(w + Step, x + n, x1 + n, x2 + n, x3 + n, ref s1, ref t1, ref u1, ref v1);
                n += W.Count;
                Add4(w + 2 * Step, x + n, x1 + n, x2 + n, x3 + n, ref s2, ref t2, ref u2, ref v2);
                n += W.Count;
                Add4(w + 3 * Step, x + n, x1 + n, x2 + n, x3 + n, ref s3, ref t3, ref u3, ref v3);
            }

            for (; k <= columns - W.Count; k += W.Count, w += Step)
                Add4(w, x + k, x1 + k, x2 + k, x3 + k, ref s0, ref t0, ref u0, ref v0);
            float* y = output + r;
            int rest = columns - (int)k;
            Store(y, Total(s0, s1, s2, s3), w, x + k, rest, block.IsFirst);
            Store(y + outputStride, Total(t0, t1, t2, t3), w, x1 + k, rest, block.IsFirst);
            Store(y + 2 * outputStride, Total(u0, u1, u2, u3), w, x2 + k, rest, block.IsFirst);
            Store(y + 3 * outputStride, Total(v0, v1, v2, v3), w, x3 + k, rest, block.IsFirst);
        }
    }

    /// <summary>Asks for the weights of four steps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(byte* w)
    {
        for (int line = 0; line < 4 * Step; line += 64) W.Prefetch(w + line);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add2(byte* data, float* x, float* x1, ref V s, ref V t)
    {
        V w = TWeight.Load<W, V>(data);
        s = W.MultiplyAdd(w, W.Load(x), s);
        t = W.MultiplyAdd(w, W.Load(x1), t);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add4(byte* data, float* x, float* x1, float* x2, float* x3, ref V s, ref V t, ref V u, ref V v)
    {
        V w = TWeight.Load<W, V>(data);
        s = W.MultiplyAdd(w, W.Load(x), s);
        t = W.MultiplyAdd(w, W.Load(x1), t);
        u = W.MultiplyAdd(w, W.Load(x2), u);
        v = W.MultiplyAdd(w, W.Load(x3), v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Total(V s0, V s1, V s2, V s3) => W.Sum(W.Add(W.Add(s0, s1), W.Add(s2, s3)));

    /// <summary>Adds the columns that do not fill a vector, and what the blocks before brought.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* output, float sum, byte* w, float* x, int rest, bool isFirst)
    {
        for (int k = 0; k < rest; k++) sum += TWeight.Load<FloatWordsScalar, float>(w + k * TWeight.Bytes) * x[k];
        *output = isFirst ? sum : *output + sum;
    }

    /// <summary>Some rows' part that lies in a span of columns, and how far ahead to prefetch (0 = not).</summary>
    private readonly struct Block(byte* data, nint rowBytes, int rows, int columns, bool isFirst, nint ahead)
    {
        public readonly byte* Data = data;
        public readonly nint RowBytes = rowBytes;
        public readonly int Rows = rows;
        public readonly int Columns = columns;
        public readonly bool IsFirst = isFirst;
        public readonly nint Ahead = ahead;
    }
}
