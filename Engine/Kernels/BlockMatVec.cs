using System.Runtime.CompilerServices;
using Engine.Formats;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>Few tokens times rows of 32-element blocks, unpacked in registers from where they lie, two blocks at a
/// time: the halves of a vector hold one each, so that widening and scaling cost half.</summary>
/// <remarks>One row at a time, so that memory is read in order: four rows side by side shared the loads of activations
/// but misled the processor's prefetcher (5–10 instead of 25–30 GB/s from memory); so did gathering the next row's
/// scales on the way. Two sums hide the latency of a row; they are added in a fixed order, so a result depends on
/// nothing but the row and the token.</remarks>
internal sealed unsafe class BlockMatVec<TFormat, TWords, TB, TI, TF>(InstructionSet isa) : LinearKernel
    where TFormat : struct, IBlockLanes
    where TWords : struct, ILaneWords<TB, TI, TF>
    where TB : struct
    where TI : struct
    where TF : struct
{
    private readonly PairTokens tiles = new(Offset, TFormat.HasMinimum);

    public override ActivationKinds Input => ActivationKinds.Group32;

    public override TokenTiles? Tiles(int rows) => tiles;

    public override int RowGranularity => 1;

    public override string Name { get; } = $"{TFormat.Type} {InstructionSets.NameOf(isa)} matvec";

    /// <summary>What lanes are raised by, as the dot product sees them.</summary>
    private static int Offset
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.Signed ? TWords.SignedBias : TFormat.Offset;
    }

    public override void Multiply(in WeightView weights, int rowBegin, int rowEnd, in ActivationView input,
        float* output, nint outputStride, byte* scratch)
    {
        int blocks = weights.Columns / 32;
        nint tileBytes = tiles.TileBytes(weights.Columns);
        if (input.Rows == 1)
        {
            OneToken(weights.Data + rowBegin * weights.RowBytes, weights.RowBytes, rowEnd - rowBegin, blocks,
                input.Tiles, output + rowBegin, PrefetchBytes);
            return;
        }

        for (int row = rowBegin; row < rowEnd; row++)
        {
            byte* data = weights.Data + row * weights.RowBytes;
            int token = 0;
            for (; token + 2 <= input.Rows; token += 2)
                TwoTokens(data, blocks, input.Tiles + token * tileBytes, tileBytes,
                    output + token * outputStride + row, outputStride);
            if (token < input.Rows)
                OneToken(data, weights.RowBytes, 1, blocks, input.Tiles + token * tileBytes,
                    output + token * outputStride + row, PrefetchBytes);
        }
    }

    /// <remarks>The loop over rows is inside: with rows as short as 18 blocks a call for each cost a fifth of a decode
    /// compiled ahead of time.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void OneToken(byte* data, nint rowBytes, int rows, int blocks, byte* token, float* output,
        int prefetch)
    {
        float* scales = TFormat.ScaleTable;
        float* halves = ScaleTables.Half;
        for (int r = 0; r < rows; r++, data += rowBytes)
        {
            byte* row = data, pair = token;
            TF sum0 = default, sum1 = default;
            int block = 0;
            for (; block + 4 <= blocks; block += 4, row += 4 * TFormat.BlockBytes, pair += 2 * PairTokens.PairBytes)
            {
                if (prefetch != 0)
                    for (int line = 0; line < 4 * TFormat.BlockBytes; line += 64)
                        TWords.Prefetch(row + prefetch + line);
                sum0 = Step(row, row + TFormat.BlockBytes, pair, scales, halves, sum0);
                sum1 = Step(row + 2 * TFormat.BlockBytes, row + 3 * TFormat.BlockBytes, pair + PairTokens.PairBytes,
                    scales, halves, sum1);
            }

            // A last block without a partner is read twice, against zeros the second time.
            for (; block < blocks; block += 2, row += 2 * TFormat.BlockBytes, pair += PairTokens.PairBytes)
                sum0 = Step(row, block + 1 < blocks ? row + TFormat.BlockBytes : row, pair, scales, halves, sum0);
            output[r] = TWords.Total(TWords.Add(sum0, sum1));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void TwoTokens(
        byte* row, int blocks, byte* token, nint tileBytes, float* output, nint outputStride)
    {
        float* scales = TFormat.ScaleTable;
        float* halves = ScaleTables.Half;
        TF sum0 = default, sum1 = default, next0 = default, next1 = default;
        int block = 0;
        for (; block + 4 <= blocks; block += 4, row += 4 * TFormat.BlockBytes, token += 2 * PairTokens.PairBytes)
        {
            Step(row, row + TFormat.BlockBytes, token, tileBytes, scales, halves, ref sum0, ref next0);
            Step(row + 2 * TFormat.BlockBytes, row + 3 * TFormat.BlockBytes, token + PairTokens.PairBytes, tileBytes,
                scales, halves, ref sum1, ref next1);
        }

        for (; block < blocks; block += 2, row += 2 * TFormat.BlockBytes, token += PairTokens.PairBytes)
            Step(row, block + 1 < blocks ? row + TFormat.BlockBytes : row, token, tileBytes, scales, halves, ref sum0,
                ref next0);
        output[0] = TWords.Total(TWords.Add(sum0, sum1));
        output[outputStride] = TWords.Total(TWords.Add(next0, next1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TF Step(byte* first, byte* second, byte* pair, float* scales, float* halves, TF sum)
    {
        TFormat.LoadPair<TWords, TB, TI, TF>(first, second, out TB low, out TB high);
        return Add(low, high, first, second, pair, scales, halves, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(byte* first, byte* second, byte* pair, nint tileBytes, float* scales, float* halves,
        ref TF sum, ref TF next)
    {
        TFormat.LoadPair<TWords, TB, TI, TF>(first, second, out TB low, out TB high);
        sum = Add(low, high, first, second, pair, scales, halves, sum);
        next = Add(low, high, first, second, pair + tileBytes, scales, halves, next);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TF Add(
        TB low, TB high, byte* first, byte* second, byte* pair, float* scales, float* halves, TF sum)
    {
        float* d0 = scales + TFormat.ScaleIndex(first), d1 = scales + TFormat.ScaleIndex(second);
        sum = TFormat.Signed
            ? TWords.AddSignedPair(sum, low, high, pair, d0, d1)
            : TWords.AddPair(sum, low, high, pair, d0, d1, Offset != 0);
        return TFormat.HasMinimum
            ? TWords.AddMinimums(sum, pair, halves + TFormat.MinimumIndex(first), halves + TFormat.MinimumIndex(second))
            : sum;
    }
}
