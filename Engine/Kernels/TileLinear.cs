using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>Many tokens times rows: weights are unpacked once into a panel that stays in the first-level cache while
/// all tokens pass it, four at a time.</summary>
/// <remarks>A panel is two or four vectors of rows × up to <see cref="PanelElements"/> columns. Each output is one
/// vector lane, to which groups along k are added in order, from panel to panel: a result depends on neither the
/// partition of rows nor the number of tokens.</remarks>
internal sealed unsafe partial class TileLinear<TSource, TTile, TW, TA, TI, TF>(string name) : LinearKernel
    where TSource : struct, ITileSource
    where TTile : struct, ITileWords<TW, TA, TI, TF>
    where TW : struct
    where TA : struct
    where TI : struct
    where TF : struct
{
    private const int TileTokens = 4;

    /// <summary>Tokens whose activations along a panel's columns should stay in the second-level cache.</summary>
    private const int MaxTokens = 512;

    public override ActivationKinds Input => TSource.Input;

    private readonly FourTokens<TTile, TW, TA, TI, TF> tiles = new(new TileForm(
        TSource.Input, TSource.GroupElements, TSource.ElementBytes, TSource.SegmentQuads, TSource.PanelOffset,
        Minimums));

    public override TokenTiles? Tiles(int rows) => tiles;

    public override int RowGranularity => 16;

    public override string Name => name;

    private static TileMinimums Minimums => !TSource.HasMinimum ? TileMinimums.None
        : !TSource.Scaled ? TileMinimums.Scaled
        : TSource.MinimumElements == 16 ? TileMinimums.Pairs16 : TileMinimums.Pairs32;

    private static int PanelRows
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TTile.PanelVectors * TTile.Rows;
    }

    /// <summary>Columns of a panel of at most 32 KiB of weights.</summary>
    private static int PanelElements
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2048 / TSource.Planes / TSource.ElementBytes;
    }

    private static int Segments
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TSource.GroupElements * TSource.ElementBytes / 4 / TSource.SegmentQuads;
    }

    /// <summary>Bytes of one plane of one segment.</summary>
    private static int PlaneBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TSource.SegmentQuads * 4 * PanelRows;
    }

    private static int QuantBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Segments * TSource.Planes * PlaneBytes;
    }

    private static int ScaleBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TSource.Scaled ? Segments * 4 * PanelRows : 0;
    }

    /// <summary>Pairs of integer minimums in a group.</summary>
    private static int MinimumPairs
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TSource.HasMinimum && TSource.Scaled ? TSource.GroupElements / 2 / TSource.MinimumElements : 0;
    }

    /// <summary>A group in the panel: quants, integer scales, d, then m or (dmin, pairs of minimums).</summary>
    private static int GroupBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => QuantBytes + ScaleBytes + 4 * PanelRows * ((TSource.HasMinimum ? 2 : 1) + MinimumPairs);
    }

    private static bool HasStart
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TSource.PanelOffset != 0;
    }

    /// <summary>Bytes of a group of four tokens: what a panel's group meets.</summary>
    private static int TokenBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TileTokens * (TSource.GroupElements * TSource.ElementBytes
            + 4 * ((HasStart ? Segments : 0) + (TSource.HasMinimum ? Math.Max(MinimumPairs, 1) : 0) + 1));
    }

    public override void Multiply(in WeightView weights, int rowBegin, int rowEnd, in ActivationView input,
        float* output, nint outputStride, byte* scratch)
    {
        int panelBytes = PanelElements / TSource.GroupElements * GroupBytes;
        float* sums = (float*)(scratch + panelBytes);
        for (int token = 0; token < input.Rows; token += MaxTokens)
        {
            int tokens = Math.Min(MaxTokens, input.Rows - token);
            for (int column = 0; column < weights.Columns; column += PanelElements)
            {
                int groups = Math.Min(PanelElements, weights.Columns - column) / TSource.GroupElements;
                nint tileBytes = input.Columns / TSource.GroupElements * TokenBytes;
                byte* tiles = input.Tiles + token / TileTokens * tileBytes
                    + column / TSource.GroupElements * TokenBytes;
                for (int row = rowBegin; row < rowEnd; row += PanelRows)
                {
                    int count = Math.Min(PanelRows, rowEnd - row);
                    Pack(weights, row, count, column, groups, scratch);
                    float* target = output + token * outputStride + row;
                    var next = new Ahead(weights, row + PanelRows, rowEnd, column, groups);
                    Pass(scratch, groups, tiles, tileBytes, tokens, target, outputStride, count, column == 0, sums,
                        next);
                }
            }
        }
    }

    /// <summary>All tokens past one panel.</summary>
    /// <remarks>Few, long calls: left to tiering, a prompt would run through it half optimised.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Pass(byte* panel, int groups, byte* tiles, nint tileBytes, int tokens, float* output,
        nint outputStride, int count, bool first, float* sums, Ahead next)
    {
        nint stride = outputStride;
        for (int token = 0; token < tokens; token += TileTokens, tiles += tileBytes, output += TileTokens * stride)
        {
            next.Fetch(TileTokens, tokens);
            int valid = Math.Min(TileTokens, tokens - token);
            bool whole = valid == TileTokens && count == PanelRows;
            // The rows of the output lie pages apart, where no prefetcher of the processor follows.
            for (int t = 0; t < valid; t++)
                for (int r = 0; r < PanelRows; r += 16) TTile.Prefetch(output + t * stride + r);
            if (first) Clear(sums);
            else if (whole) Copy(output, stride, sums, PanelRows);
            else CopyPart(output, stride, sums, PanelRows, valid, count);
            if (TSource.Planes == 2) TilePlanes(panel, groups, tiles, sums);
            else if (TTile.PanelVectors == 4) TileFour(panel, groups, tiles, sums);
            else TileTwo(panel, groups, tiles, sums);
            if (whole) Copy(sums, PanelRows, output, stride);
            else CopyPart(sums, PanelRows, output, stride, valid, count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Clear(float* sums)
    {
        for (int r = 0; r < TileTokens * PanelRows; r += TTile.Rows) TTile.Store(default, sums + r);
    }

    /// <summary>The sums of whole tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(float* from, nint fromStride, float* to, nint toStride)
    {
        for (int t = 0; t < TileTokens; t++, from += fromStride, to += toStride)
            for (int r = 0; r < PanelRows; r += TTile.Rows) TTile.Store(TTile.LoadFloats(from + r), to + r);
    }

    /// <summary>The sums of the tokens and rows that there are.</summary>
    private static void CopyPart(float* from, nint fromStride, float* to, nint toStride, int tokens, int rows)
    {
        for (int t = 0; t < tokens; t++)
            new ReadOnlySpan<float>(from + t * fromStride, rows).CopyTo(new Span<float>(to + t * toStride, rows));
    }

    /// <summary>The rows of the next panel, asked for while tokens pass this one: packing takes rows side by side, in
    /// an order that no prefetcher of the processor follows (a fifth of a step of 24 tokens).</summary>
    private struct Ahead(in WeightView weights, int row, int rowEnd, int column, int groups)
    {
        private readonly nint rowBytes = weights.RowBytes;
        private readonly int rows = Math.Clamp(rowEnd - row, 0, PanelRows);
        private readonly int bytes = groups * TSource.BlockBytes;
        private byte* data =
            weights.Data + row * weights.RowBytes + column / TSource.GroupElements * TSource.BlockBytes;

        private int due;

        /// <summary>Asks for the share of so many tokens of all.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Fetch(int count, int tokens)
        {
            for (due += rows * count; due >= tokens; due -= tokens, data += rowBytes)
                for (int line = 0; line < bytes; line += 64) TTile.Prefetch(data + line);
        }
    }
}
