using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Engine.Formats;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>Few tokens times rows of 256-element blocks with integer scales, which stay integer: one conversion to
/// f32 a block.</summary>
/// <remarks>One row at a time: a block alone has work enough to hide latency. A row's blocks are added in order, so
/// its result depends on nothing but the row and the token.</remarks>
internal sealed unsafe class SuperBlockMatVec<TFormat, TWords, TB, TI, TF>(InstructionSet isa) : LinearKernel
    where TFormat : struct, ISuperBlockLanes
    where TWords : struct, ILaneWords<TB, TI, TF>
    where TB : struct
    where TI : struct
    where TF : struct
{
    public override ActivationKinds Input => ActivationKinds.Group256;

    public override int RowGranularity => 1;

    public override string Name { get; } = $"{TFormat.Type} {InstructionSets.NameOf(isa)} matvec";

    /// <summary>One token's quantised row.</summary>
    private readonly struct Row(in QuantizedRows rows, int token)
    {
        public readonly byte* Quants = (byte*)rows.Quants + token * rows.QuantStride;
        public readonly float* Scales = rows.Scales + token * rows.ScaleStride;
        public readonly short* Sums = rows.Sums + token * rows.SumStride;
    }

    public override void Multiply(in WeightView weights, int rowBegin, int rowEnd, in ActivationView input,
        float* output, nint outputStride, byte* scratch)
    {
        int blocks = weights.Columns / 256;
        if (input.Rows == 1)
        {
            OneToken(weights.Data + rowBegin * weights.RowBytes, rowEnd - rowBegin, blocks, new Row(input.Group256, 0),
                output + rowBegin, PrefetchBytes);
            return;
        }

        for (int row = rowBegin; row < rowEnd; row++)
        {
            byte* data = weights.Data + row * weights.RowBytes;
            int token = 0;
            for (; token + 2 <= input.Rows; token += 2)
            {
                float* pair = output + token * outputStride + row;
                TwoTokens(data, blocks, new Row(input.Group256, token), new Row(input.Group256, token + 1),
                    pair, pair + outputStride);
            }

            if (token < input.Rows)
                OneToken(data, 1, blocks, new Row(input.Group256, token), output + token * outputStride + row,
                    PrefetchBytes);
        }
    }

    /// <remarks>A block's scales are unpacked while the block before is multiplied: all its products wait for them, and
    /// the waiting filled the processor's scheduler (15 instead of 22 GB/s of Q4_K from the cache, Zen 4).</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void OneToken(byte* data, int rows, int blocks, Row token, float* output, int prefetch)
    {
        float* halves = ScaleTables.Half;
        byte* last = data + ((nint)rows * blocks - 1) * TFormat.BlockBytes;
        TFormat.Scales(data, out Vector128<short> low, out Vector128<short> high);
        TFormat.Minimums(data, out Vector128<short> lowMinimum, out Vector128<short> highMinimum);
        for (int r = 0; r < rows; r++)
        {
            TF sum = default;
            byte* a = token.Quants;
            short* sums = token.Sums;
            float* scale = token.Scales, end = scale + blocks;
            for (; scale < end; scale++, a += 256, sums += 16, data += TFormat.BlockBytes)
            {
                if (prefetch != 0)
                    for (int line = 0; line < TFormat.BlockBytes; line += 64) TWords.Prefetch(data + prefetch + line);

                byte* next = data < last ? data + TFormat.BlockBytes : data;
                TFormat.Scales(next, out Vector128<short> nextLow, out Vector128<short> nextHigh);
                TI dot = Start(sums, low, high);
                dot = Part(data, a, 0, low, dot);
                dot = Part(data, a, 1, low, dot);
                dot = Part(data, a, 2, low, dot);
                dot = Part(data, a, 3, low, dot);
                dot = Part(data, a, 4, high, dot);
                dot = Part(data, a, 5, high, dot);
                dot = Part(data, a, 6, high, dot);
                dot = Part(data, a, 7, high, dot);
                sum = Finish(data, halves, sums, scale, dot, lowMinimum, highMinimum, sum);
                (low, high) = (nextLow, nextHigh);
                TFormat.Minimums(next, out lowMinimum, out highMinimum);
            }

            output[r] = TWords.Total(sum);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void TwoTokens(byte* data, int blocks, Row first, Row second, float* output0, float* output1)
    {
        float* halves = ScaleTables.Half;
        TF sum0 = default, sum1 = default;
        for (int block = 0; block < blocks; block++, data += TFormat.BlockBytes)
        {
            byte* a0 = first.Quants + 256 * block, a1 = second.Quants + 256 * block;
            short* sums0 = first.Sums + 16 * block, sums1 = second.Sums + 16 * block;
            TFormat.Scales(data, out Vector128<short> low, out Vector128<short> high);
            TI dot0 = Start(sums0, low, high), dot1 = Start(sums1, low, high);
            Part(data, a0, a1, 0, low, ref dot0, ref dot1);
            Part(data, a0, a1, 1, low, ref dot0, ref dot1);
            Part(data, a0, a1, 2, low, ref dot0, ref dot1);
            Part(data, a0, a1, 3, low, ref dot0, ref dot1);
            Part(data, a0, a1, 4, high, ref dot0, ref dot1);
            Part(data, a0, a1, 5, high, ref dot0, ref dot1);
            Part(data, a0, a1, 6, high, ref dot0, ref dot1);
            Part(data, a0, a1, 7, high, ref dot0, ref dot1);
            TFormat.Minimums(data, out Vector128<short> lowMinimum, out Vector128<short> highMinimum);
            sum0 = Finish(data, halves, sums0, first.Scales + block, dot0, lowMinimum, highMinimum, sum0);
            sum1 = Finish(data, halves, sums1, second.Scales + block, dot1, lowMinimum, highMinimum, sum1);
        }

        *output0 = TWords.Total(sum0);
        *output1 = TWords.Total(sum1);
    }

    /// <summary>The correction for unsigned lanes: −Offset · Σ scale · Σa.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TI Start(short* sums, Vector128<short> low, Vector128<short> high) =>
        TFormat.Offset == 0 ? default : TWords.MultiplyInt(TWords.DotSums(sums, low, high), -TFormat.Offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TI Part(byte* data, byte* a, int part, Vector128<short> scales, TI dot)
    {
        TB lanes = TFormat.Load<TWords, TB, TI, TF>(data, part);
        return Dot(lanes, a, part, scales, dot);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Part(
        byte* data, byte* a0, byte* a1, int part, Vector128<short> scales, ref TI dot0, ref TI dot1)
    {
        TB lanes = TFormat.Load<TWords, TB, TI, TF>(data, part);
        dot0 = Dot(lanes, a0, part, scales, dot0);
        dot1 = Dot(lanes, a1, part, scales, dot1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TI Dot(TB lanes, byte* a, int part, Vector128<short> scales, TI dot) => TFormat.Signed
        ? TWords.DotScaledSigned(dot, lanes, TWords.Load(a + 32 * part), scales, part & 3)
        : TWords.DotScaled(dot, lanes, TWords.Load(a + 32 * part), scales, part & 3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TF Finish(byte* data, float* halves, short* sums, float* scale, TI dot,
        Vector128<short> lowMinimum, Vector128<short> highMinimum, TF sum)
    {
        TF s = TWords.Broadcast(scale);
        TF d = TWords.Multiply(TWords.Broadcast(halves + TFormat.ScaleIndex(data)), s);
        sum = TWords.MultiplyAdd(TWords.ToFloat(dot), d, sum);
        if (!TFormat.HasMinimum) return sum;
        TF minimum = TWords.ToFloat(TWords.MultiplyInt(TWords.DotSums(sums, lowMinimum, highMinimum), -1));
        TF m = TWords.Multiply(TWords.Broadcast(halves + TFormat.MinimumIndex(data)), s);
        return TWords.MultiplyAdd(minimum, m, sum);
    }
}
