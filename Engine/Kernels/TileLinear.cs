using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>Many tokens times rows: weights are unpacked once into a panel that stays in the first-level cache while
/// all tokens pass it, four at a time.</summary>
/// <remarks>A panel is two vectors of rows × up to <see cref="PanelElements"/> columns. Each output is one vector lane
/// per panel, and panels along k are added in order: a result depends on neither the partition of rows nor the number
/// of tokens.</remarks>
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
        get => 2 * TTile.Rows;
    }

    /// <summary>Columns of a panel of at most 32 KiB of weights.</summary>
    internal static int PanelElements
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
                    Pass(scratch, groups, tiles, tileBytes, tokens, target, outputStride, count, column != 0, sums,
                        next);
                }
            }
        }
    }

    /// <summary>All tokens past one panel.</summary>
    private static void Pass(byte* panel, int groups, byte* tiles, nint tileBytes, int tokens, float* output,
        nint outputStride, int count, bool add, float* sums, Ahead next)
    {
        for (int token = 0; token < tokens; token += TileTokens, tiles += tileBytes)
        {
            next.Fetch(token, TileTokens, tokens);
            int valid = Math.Min(TileTokens, tokens - token);
            // The rows of the output lie pages apart, where no prefetcher of the processor follows.
            for (int t = 0; t < valid; t++)
                for (int r = 0; r < PanelRows; r += 16) TTile.Prefetch(output + (token + t) * outputStride + r);
            new Span<float>(sums, TileTokens * PanelRows).Clear();
            if (TSource.Planes == 2) TilePlanes(panel, groups, tiles, sums);
            else Tile(panel, groups, tiles, sums);
            for (int t = 0; t < valid; t++)
                Deliver(sums + t * PanelRows, output + (token + t) * outputStride, count, add);
        }
    }

    /// <summary>The rows of the next panel, asked for while tokens pass this one: packing takes rows side by side, in
    /// an order that no prefetcher of the processor follows (a fifth of a step of 24 tokens).</summary>
    private readonly struct Ahead(in WeightView weights, int row, int rowEnd, int column, int groups)
    {
        private readonly byte* data =
            weights.Data + row * weights.RowBytes + column / TSource.GroupElements * TSource.BlockBytes;

        private readonly nint rowBytes = weights.RowBytes;
        private readonly int rows = Math.Clamp(rowEnd - row, 0, PanelRows);
        private readonly int bytes = groups * TSource.BlockBytes;

        /// <summary>Asks for the share of so many tokens of all.</summary>
        public void Fetch(int token, int count, int tokens)
        {
            int end = rows * Math.Min(token + count, tokens) / tokens;
            for (int row = rows * token / tokens; row < end; row++)
                for (int line = 0; line < bytes; line += 64) TTile.Prefetch(data + row * rowBytes + line);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Deliver(float* sums, float* output, int count, bool add)
    {
        int r = 0;
        for (; r + TTile.Rows <= count; r += TTile.Rows)
        {
            TF value = TTile.LoadFloats(sums + r);
            TTile.Store(add ? TTile.Add(TTile.LoadFloats(output + r), value) : value, output + r);
        }

        for (; r < count; r++) output[r] = add ? output[r] + sums[r] : sums[r];
    }
}
