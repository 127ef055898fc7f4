using System.Runtime.CompilerServices;
using Engine.Formats;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>Few tokens times rows of blocks of 32 signed bytes, which fill a vector each: nothing is gained from pairs,
/// as <see cref="BlockMatVec{TFormat,TWords,TB,TI,TF}"/> takes them (10 % slower from memory, Zen 4).</summary>
/// <remarks>One row at a time, in the order of memory. Four sums hide the latency of a row; they are added in a fixed
/// order, so a result depends on nothing but the row and the token.</remarks>
internal sealed unsafe class ByteMatVec<TFormat, TWords, TB, TI, TF>(InstructionSet isa) : LinearKernel
    where TFormat : struct, IBlockLanes
    where TWords : struct, ILaneWords<TB, TI, TF>
    where TB : struct
    where TI : struct
    where TF : struct
{
    public override ActivationKinds Input => ActivationKinds.Group32;

    public override int RowGranularity => 1;

    public override string Name { get; } = $"{TFormat.Type} {InstructionSets.NameOf(isa)} matvec";

    /// <summary>What lanes are raised by, as the dot product sees them.</summary>
    private static int Offset
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TWords.SignedBias;
    }

    /// <summary>Bytes that one block of one token takes in scratch: its start.</summary>
    private static int PreparedBytes => Offset != 0 ? Unsafe.SizeOf<TI>() : 0;

    /// <summary>One token's quantised row and what was prepared for it.</summary>
    private readonly struct Token(in QuantizedRows rows, int token, byte* prepared)
    {
        public readonly byte* Quants = (byte*)rows.Quants + token * rows.QuantStride;
        public readonly float* Scales = rows.Scales + token * rows.ScaleStride;
        public readonly byte* Starts = prepared;
    }

    public override void Multiply(in WeightView weights, int rowBegin, int rowEnd, in ActivationView input,
        float* output, nint outputStride, byte* scratch)
    {
        int blocks = weights.Columns / 32;
        int tokenBytes = blocks * PreparedBytes;
        int fitting = tokenBytes == 0 ? input.Rows : Math.Max(ScratchBytes / tokenBytes, 1);
        for (int begin = 0; begin < input.Rows; begin += fitting)
        {
            int end = Math.Min(begin + fitting, input.Rows);
            for (int token = begin; token < end; token++)
                Prepare(new Token(input.Group32, token, scratch + (token - begin) * tokenBytes), blocks);
            if (end - begin == 1)
            {
                OneToken(weights.Data + rowBegin * weights.RowBytes, weights.RowBytes, rowEnd - rowBegin, blocks,
                    new Token(input.Group32, begin, scratch), output + begin * outputStride + rowBegin,
                    PrefetchBytes);
                continue;
            }

            for (int row = rowBegin; row < rowEnd; row++)
            {
                byte* data = weights.Data + row * weights.RowBytes;
                byte* prepared = scratch;
                int token = begin;
                for (; token + 2 <= end; token += 2, prepared += 2 * tokenBytes)
                    TwoTokens(data, blocks, new Token(input.Group32, token, prepared),
                        new Token(input.Group32, token + 1, prepared + tokenBytes),
                        output + token * outputStride + row, outputStride);
                if (token < end)
                    OneToken(data, weights.RowBytes, 1, blocks, new Token(input.Group32, token, prepared),
                        output + token * outputStride + row, PrefetchBytes);
            }
        }
    }

    /// <summary>Starts of a token's blocks, the same for every row.</summary>
    private static void Prepare(Token token, int blocks)
    {
        if (Offset == 0) return;
        for (int block = 0; block < blocks; block++)
            Unsafe.WriteUnaligned(token.Starts + block * Unsafe.SizeOf<TI>(),
                TWords.Start(TWords.Load(token.Quants + 32 * block), (byte)Offset));
    }

    /// <remarks>The loop over rows is inside: with rows as short as 18 blocks a call for each cost a fifth of a decode
    /// compiled ahead of time.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void OneToken(byte* data, nint rowBytes, int rows, int blocks, Token token, float* output,
        int prefetch)
    {
        float* scales = TFormat.ScaleTable;
        for (int r = 0; r < rows; r++, data += rowBytes)
        {
            byte* row = data;
            TF sum0 = default, sum1 = default, sum2 = default, sum3 = default;
            int block = 0;
            for (; block + 4 <= blocks; block += 4, row += 4 * TFormat.BlockBytes)
            {
                if (prefetch != 0)
                    for (int line = 0; line < 4 * TFormat.BlockBytes; line += 64)
                        TWords.Prefetch(row + prefetch + line);
                sum0 = Step(row, token, block, scales, sum0);
                sum1 = Step(row + TFormat.BlockBytes, token, block + 1, scales, sum1);
                sum2 = Step(row + 2 * TFormat.BlockBytes, token, block + 2, scales, sum2);
                sum3 = Step(row + 3 * TFormat.BlockBytes, token, block + 3, scales, sum3);
            }

            for (; block < blocks; block++, row += TFormat.BlockBytes)
                sum0 = Step(row, token, block, scales, sum0);
            output[r] = Total(sum0, sum1, sum2, sum3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void TwoTokens(byte* row, int blocks, Token first, Token second, float* output, nint outputStride)
    {
        float* scales = TFormat.ScaleTable;
        TF sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        TF next0 = default, next1 = default, next2 = default, next3 = default;
        int block = 0;
        for (; block + 4 <= blocks; block += 4, row += 4 * TFormat.BlockBytes)
        {
            Step(row, first, second, block, scales, ref sum0, ref next0);
            Step(row + TFormat.BlockBytes, first, second, block + 1, scales, ref sum1, ref next1);
            Step(row + 2 * TFormat.BlockBytes, first, second, block + 2, scales, ref sum2, ref next2);
            Step(row + 3 * TFormat.BlockBytes, first, second, block + 3, scales, ref sum3, ref next3);
        }

        for (; block < blocks; block++, row += TFormat.BlockBytes)
            Step(row, first, second, block, scales, ref sum0, ref next0);
        output[0] = Total(sum0, sum1, sum2, sum3);
        output[outputStride] = Total(next0, next1, next2, next3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Total(TF sum0, TF sum1, TF sum2, TF sum3) =>
        TWords.Total(TWords.Add(TWords.Add(sum0, sum1), TWords.Add(sum2, sum3)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TF Step(byte* data, in Token token, nint block, float* scales, TF sum) =>
        Add(TFormat.Load<TWords, TB, TI, TF>(data), token, block, TWords.Broadcast(scales + TFormat.ScaleIndex(data)),
            sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(byte* data, in Token first, in Token second, nint block, float* scales,
        ref TF sum, ref TF next)
    {
        TB lanes = TFormat.Load<TWords, TB, TI, TF>(data);
        TF d = TWords.Broadcast(scales + TFormat.ScaleIndex(data));
        sum = Add(lanes, first, block, d, sum);
        next = Add(lanes, second, block, d, next);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TF Add(TB lanes, in Token token, nint block, TF d, TF sum)
    {
        TI start = Offset != 0
            ? Unsafe.ReadUnaligned<TI>(token.Starts + block * Unsafe.SizeOf<TI>())
            : default;
        TI products = TWords.DotSigned(start, lanes, TWords.Load(token.Quants + 32 * block));
        return TWords.MultiplyAdd(
            TWords.ToFloat(products), TWords.Multiply(d, TWords.Broadcast(token.Scales + block)), sum);
    }
}
