using System.Runtime.CompilerServices;
using Engine.Formats.Packed;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>Few tokens times packed strips: each lane of a vector is a row, so nothing is added across lanes, and the
/// weights come in one stream.</summary>
/// <remarks>Whole strips only. Sums are those of the tile, in its order: a result is the same bits whichever of both
/// computes it, and depends on nothing but the row and the token.</remarks>
internal sealed unsafe partial class PackedMatVec<TFormat, TTile, TWords, TW, TA, TI, TF>(string name)
    : LinearKernel
    where TFormat : struct, IPackedLanes
    where TTile : struct, ITileWords<TW, TA, TI, TF>
    where TWords : struct, IPackedWords<TW, TA, TI, TF>
    where TW : struct
    where TA : struct
    where TI : struct
    where TF : struct
{
    private const int StripRows = PackedLayout.Rows;
    private const int MostIntegers = 32;

    public override ActivationKinds Input => Scaled ? ActivationKinds.Group256 : ActivationKinds.Group32;

    public override int RowGranularity => StripRows;

    public override string Name => name;

    private static bool Scaled
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.BlockElements == 256;
    }

    /// <summary>True if eight-bit weights are taken apart so that sums fit 16 bits.</summary>
    private static bool HasPlanes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TTile.Narrow && TFormat.EightBit;
    }

    /// <summary>True if one 16-bit sum holds four quads of these weights, but not eight.</summary>
    private static bool IsSplit
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TTile.Narrow && !TFormat.EightBit && TFormat.Largest > 16;
    }

    /// <summary>True if the two quads of a column have a sum each.</summary>
    private static bool HasTwoSums
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => IsSplit || (Scaled && !TFormat.EightBit);
    }

    /// <summary>What the weights are raised by where they are multiplied (of eight bits in planes, the high one).
    /// </summary>
    private static int PanelOffset
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TTile.SignedWeights ? 0 : HasPlanes ? 8 : TFormat.EightBit ? 128 : TFormat.Offset;
    }

    /// <summary>Starts of sums in a block; 0 if sums start at zero.</summary>
    private static int Starts
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => PanelOffset == 0 ? 0 : TFormat.BlockElements / TFormat.ScaleElements;
    }

    /// <summary>Words of sums of activations in a block, for the minimums.</summary>
    private static int Sums
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => !TFormat.HasMinimum ? 0 : Scaled ? 128 / TFormat.ScaleElements : 1;
    }

    /// <summary>One token's quantised row and what was prepared for it.</summary>
    private readonly struct Token(in QuantizedRows rows, int token, int* prepared, int blocks)
    {
        public readonly sbyte* Quants = rows.Quants + token * rows.QuantStride;
        public readonly float* Scales = rows.Scales + token * rows.ScaleStride;
        public readonly int* Starts = prepared;
        public readonly int* Sums = prepared + blocks * PackedMatVec<TFormat, TTile, TWords, TW, TA, TI, TF>.Starts;
    }

    public override void Multiply(in WeightView weights, int rowBegin, int rowEnd, in ActivationView input,
        float* output, nint outputStride, byte* scratch)
    {
        QuantizedRows rows = Scaled ? input.Group256 : input.Group32;
        int blocks = weights.Columns / TFormat.BlockElements, tokenWords = blocks * (Starts + Sums);
        int fitting = tokenWords == 0 ? input.Rows : Math.Max(ScratchBytes / sizeof(int) / tokenWords, 1);
        for (int begin = 0; begin < input.Rows; begin += fitting)
        {
            int end = Math.Min(begin + fitting, input.Rows);
            int* prepared = (int*)scratch;
            for (int token = begin; token < end; token++, prepared += tokenWords)
                Prepare(new Token(rows, token, prepared, blocks), rows.Sums + token * rows.SumStride, blocks);
            int together = end - begin == 1 ? rowEnd - rowBegin : StripRows;
            for (int row = rowBegin; row < rowEnd; row += together)
            {
                prepared = (int*)scratch;
                for (int token = begin; token < end; token++, prepared += tokenWords)
                    Strips(weights.Data + row * weights.RowBytes, together / StripRows, blocks,
                        new Token(rows, token, prepared, blocks), output + token * outputStride + row,
                        token == begin ? PrefetchBytes : 0);
            }
        }
    }

    /// <summary>Starts and sums of a token's blocks, the same for every row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Prepare(Token token, short* sums, int blocks)
    {
        int* start = token.Starts;
        int* word = token.Sums;
        int quads = TFormat.ScaleElements / 4;
        for (int block = 0; block < blocks; block++, sums += TFormat.BlockElements / 16)
        {
            sbyte* a = token.Quants + TFormat.BlockElements * block;
            for (int i = 0; i < Starts; i++, a += TFormat.ScaleElements)
                *start++ = TTile.StartWord(a, quads, PanelOffset);
            if (!TFormat.HasMinimum) continue;
            if (!Scaled) *(float*)word++ = (sums[0] + sums[1]) * token.Scales[block];
            // Negative: minimums are taken off.
            for (int pair = 0; Scaled && pair < Sums; pair++)
                *word++ = TFormat.ScaleElements == 16
                    ? (ushort)-sums[2 * pair] | -sums[2 * pair + 1] << 16
                    : (ushort)-(sums[4 * pair] + sums[4 * pair + 1]) | -(sums[4 * pair + 2] + sums[4 * pair + 3]) << 16;
        }
    }

    /// <summary>Strips that follow each other, past one token.</summary>
    /// <remarks>All vectors of rows of a block pass before the next block: with 2,048 columns between them, memory
    /// waited for the later ones, and 256-bit words read half as fast. The loop of a strip is a method of its own for
    /// each kind of format: the JIT stops inlining at 512 locals, and a call inside would spill every sum.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Strips(byte* data, int strips, int blocks, Token token, float* output, int prefetch)
    {
        byte* integers = stackalloc byte[MostIntegers * StripRows];
        for (; strips > 0; strips--, output += StripRows)
        {
            var strip = new Strip
            {
                Data = data,
                Blocks = blocks,
                Quants = token.Quants,
                Scales = token.Scales,
                Starts = token.Starts,
                Sums = token.Sums,
                Integers = integers,
                Output = output,
                Prefetch = prefetch,
            };
            for (int row = 0; row < StripRows; row += TTile.Rows) TTile.Store(default, output + row);
            if (!Scaled) Plain(strip);
            else if (TFormat.Quads == 4) Quarters(strip);
            else if (TFormat.EightBit) Groups(strip);
            else Pairs(strip);
            data += (nint)blocks * StripRows * TFormat.BlockBytes;
        }
    }

    /// <summary>A strip's blocks, and what one token brings for them.</summary>
    private struct Strip
    {
        public byte* Data;
        public int Blocks;
        public sbyte* Quants;
        public float* Scales;
        public int* Starts;
        public int* Sums;
        public byte* Integers;
        public float* Output;
        public int Prefetch;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Ahead(byte* data, int prefetch, int bytes)
    {
        if (prefetch == 0) return;
        for (int line = 0; line < bytes; line += 64) TWords.Prefetch(data + prefetch + line);
    }
}
