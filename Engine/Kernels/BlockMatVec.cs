using System.Runtime.CompilerServices;
using Engine.Formats;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>Few tokens times rows of 32-element blocks, unpacked in registers from where they lie.</summary>
/// <remarks>Four rows share the loads of activations and hide each other's latency; each row has its own sum, added
/// in the order of its blocks, so its result depends neither on its neighbours nor on the number of tokens.</remarks>
internal sealed unsafe class BlockMatVec<TFormat, TWords, TB, TI, TF>(InstructionSet isa) : LinearKernel
    where TFormat : struct, IBlockLanes
    where TWords : struct, ILaneWords<TB, TI, TF>
    where TB : struct
    where TI : struct
    where TF : struct
{
    private const int RowsAtOnce = 4;

    public override ActivationKinds Input => ActivationKinds.Group32;

    public override int RowGranularity => RowsAtOnce;

    public override string Name { get; } = $"{TFormat.Type} {InstructionSets.NameOf(isa)} matvec";

    /// <summary>What one block needs of one token.</summary>
    private struct Token
    {
        public TB Quants;
        public TI Start;
        public TF Scale;
        public TF ScaledSum;
    }

    /// <summary>One token's quantised row.</summary>
    private readonly struct Row(in QuantizedRows rows, int token)
    {
        public readonly sbyte* Quants = rows.Quants + token * rows.QuantStride;
        public readonly float* Scales = rows.Scales + token * rows.ScaleStride;
        public readonly short* Sums = rows.Sums + token * rows.SumStride;
    }

    public override void Multiply(in WeightView weights, int rowBegin, int rowEnd, in ActivationView input,
        float* output, nint outputStride, byte* scratch)
    {
        int blocks = weights.Columns / 32;
        int row = rowBegin;
        for (; row + RowsAtOnce <= rowEnd; row += RowsAtOnce)
        {
            byte* data = weights.Data + row * weights.RowBytes;
            int token = 0;
            for (; token + 2 <= input.Rows; token += 2)
            {
                float* pair = output + token * outputStride + row;
                var first = new Row(input.Group32, token);
                var second = new Row(input.Group32, token + 1);
                float* next = pair + outputStride;
                TwoRowsTwoTokens(data, weights.RowBytes, blocks, first, second, pair, next);
                TwoRowsTwoTokens(
                    data + 2 * weights.RowBytes, weights.RowBytes, blocks, first, second, pair + 2, next + 2);
            }

            if (token < input.Rows)
                FourRows(data, weights.RowBytes, blocks, new Row(input.Group32, token),
                    output + token * outputStride + row, PrefetchBytes);
        }

        for (; row < rowEnd; row++)
            for (int token = 0; token < input.Rows; token++)
                output[token * outputStride + row] = OneRow(
                    weights.Data + row * weights.RowBytes, blocks, new Row(input.Group32, token));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourRows(byte* row0, nint rowBytes, int blocks, Row token, float* output, int prefetch)
    {
        float* scales = TFormat.ScaleTable;
        float* halves = ScaleTables.Half;
        byte* row1 = row0 + rowBytes, row2 = row1 + rowBytes, row3 = row2 + rowBytes;
        TF sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        for (int block = 0; block < blocks; block++)
        {
            if (prefetch != 0 && (block & 1) == 0)
            {
                TWords.Prefetch(row0 + prefetch);
                TWords.Prefetch(row1 + prefetch);
                TWords.Prefetch(row2 + prefetch);
                TWords.Prefetch(row3 + prefetch);
            }

            Token t = Read(token, block);
            sum0 = Step(row0, t, scales, halves, sum0);
            sum1 = Step(row1, t, scales, halves, sum1);
            sum2 = Step(row2, t, scales, halves, sum2);
            sum3 = Step(row3, t, scales, halves, sum3);
            row0 += TFormat.BlockBytes;
            row1 += TFormat.BlockBytes;
            row2 += TFormat.BlockBytes;
            row3 += TFormat.BlockBytes;
        }

        output[0] = TWords.Total(sum0);
        output[1] = TWords.Total(sum1);
        output[2] = TWords.Total(sum2);
        output[3] = TWords.Total(sum3);
    }

    /// <remarks>Two rows, not four: 16 registers hold no more, and a spilled sum may straddle two cache lines, as the
    /// stack is aligned to 16 bytes (one caller's frame halved the speed of four rows).</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TwoRowsTwoTokens(byte* row0, nint rowBytes, int blocks, Row first, Row second,
        float* output0, float* output1)
    {
        float* scales = TFormat.ScaleTable;
        float* halves = ScaleTables.Half;
        byte* row1 = row0 + rowBytes;
        TF sum00 = default, sum01 = default, sum10 = default, sum11 = default;
        for (int block = 0; block < blocks; block++)
        {
            Token t0 = Read(first, block), t1 = Read(second, block);
            Step(row0, t0, t1, scales, halves, ref sum00, ref sum10);
            Step(row1, t0, t1, scales, halves, ref sum01, ref sum11);
            row0 += TFormat.BlockBytes;
            row1 += TFormat.BlockBytes;
        }

        output0[0] = TWords.Total(sum00);
        output0[1] = TWords.Total(sum01);
        output1[0] = TWords.Total(sum10);
        output1[1] = TWords.Total(sum11);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float OneRow(byte* row, int blocks, Row token)
    {
        float* scales = TFormat.ScaleTable;
        float* halves = ScaleTables.Half;
        TF sum = default;
        for (int block = 0; block < blocks; block++, row += TFormat.BlockBytes)
            sum = Step(row, Read(token, block), scales, halves, sum);
        return TWords.Total(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Token Read(in Row row, int block)
    {
        int offset = TFormat.Signed ? TWords.SignedBias : TFormat.Offset;
        Token token = default;
        token.Quants = TWords.Load((byte*)row.Quants + 32 * block);
        token.Scale = TWords.Broadcast(row.Scales + block);
        if (offset != 0) token.Start = TWords.Start(token.Quants, (byte)offset);
        if (TFormat.HasMinimum)
            token.ScaledSum = TWords.Multiply(TWords.ToFloat(TWords.AddSums(row.Sums + 2 * block)), token.Scale);
        return token;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TF Step(byte* block, in Token token, float* scales, float* halves, TF sum)
    {
        TB lanes = TFormat.Load<TWords, TB, TI, TF>(block);
        TF d = TWords.Broadcast(scales + TFormat.ScaleIndex(block));
        sum = Add(lanes, token, d, sum);
        return TFormat.HasMinimum
            ? TWords.MultiplyAdd(TWords.Broadcast(halves + TFormat.MinimumIndex(block)), token.ScaledSum, sum)
            : sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(byte* block, in Token first, in Token second, float* scales, float* halves,
        ref TF sum0, ref TF sum1)
    {
        TB lanes = TFormat.Load<TWords, TB, TI, TF>(block);
        TF d = TWords.Broadcast(scales + TFormat.ScaleIndex(block));
        sum0 = Add(lanes, first, d, sum0);
        sum1 = Add(lanes, second, d, sum1);
        if (!TFormat.HasMinimum) return;
        TF m = TWords.Broadcast(halves + TFormat.MinimumIndex(block));
        sum0 = TWords.MultiplyAdd(m, first.ScaledSum, sum0);
        sum1 = TWords.MultiplyAdd(m, second.ScaledSum, sum1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TF Add(TB lanes, in Token token, TF d, TF sum)
    {
        TI products = TFormat.Signed
            ? TWords.DotSigned(token.Start, lanes, token.Quants)
            : TWords.Dot(token.Start, lanes, token.Quants);
        return TWords.MultiplyAdd(TWords.ToFloat(products), TWords.Multiply(d, token.Scale), sum);
    }
}
