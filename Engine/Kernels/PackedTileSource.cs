using System.Runtime.CompilerServices;
using Engine.Formats.Packed;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>Packed strips as tiles: quads lie as the panel wants them, so packing is masks and shifts.</summary>
internal readonly unsafe struct PackedTileSource<TFormat, TTile, TWords, TW, TA, TI, TF, TRoute> : ITileSource
    where TFormat : struct, IPackedLanes
    where TTile : struct, ITileWords<TW, TA, TI, TF>
    where TWords : struct, IPackedWords<TW, TA, TI, TF>
    where TW : struct
    where TA : struct
    where TI : struct
    where TF : struct
    where TRoute : struct, ITileRoute
{
    private const int StripRows = PackedLayout.Rows;

    public static ActivationKinds Input => Scaled ? ActivationKinds.Group256 : ActivationKinds.Group32;

    public static int BlockBytes => TFormat.BlockBytes;

    public static int GroupElements => TFormat.BlockElements;

    public static int SegmentQuads =>
        TilePanel<TRoute>.SegmentQuads(TFormat.EightBit, TFormat.Largest, TFormat.ScaleElements);

    public static int Planes => TilePanel<TRoute>.Planes(TFormat.EightBit);

    public static int PanelOffset => TilePanel<TRoute>.Offset(TFormat.EightBit, TFormat.Offset);

    public static bool Scaled => TFormat.BlockElements == 256;

    public static bool HasMinimum => TFormat.HasMinimum;

    public static int MinimumElements => TFormat.ScaleElements;

    public static bool IsPacked => true;

    private static int Line
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2 * 4 * TTile.Rows;
    }

    public static void Pack(in WeightView weights, int row, int count, int column, int groups, byte* panel)
    {
        // A strip without a neighbour stands in for it.
        PackRows(weights, row, column, groups, panel);
        PackRows(weights, row + (TTile.Rows < count ? TTile.Rows : 0), column, groups, panel + 4 * TTile.Rows);
    }

    /// <summary>One vector of rows, half of the panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackRows(in WeightView weights, int row, int column, int groups, byte* target)
    {
        byte* integers = stackalloc byte[32 * StripRows];
        byte* strip = weights.Data + (row & -StripRows) * weights.RowBytes;
        int blocks = weights.Columns / GroupElements, first = column / GroupElements, lane = row % StripRows;
        float minus = -1;
        for (int block = first; block < first + groups; block++)
        {
            (long quants, long scales) = PackedLayout.Locate(blocks, block, TFormat.QuantBytes, TFormat.BlockBytes);
            for (int step = 0; step < TFormat.Steps; step++) PackStep(strip + quants + 4 * lane, step, target);
            target += GroupElements / 4 * Planes * Line;
            byte* source = strip + scales;
            TFormat.Integers(source, integers);
            source += StripRows * TFormat.IntegerBytes;
            for (int segment = 0; Scaled && segment < GroupElements / 4 / SegmentQuads; segment++, target += Line)
            {
                byte* scale = integers + StripRows * (4 * SegmentQuads * segment / TFormat.ScaleElements);
                TWords.Store(TWords.Scales(scale, lane, TFormat.SignedScales), (int*)target);
            }

            TTile.Store(TFormat.HasExponents ? TWords.Exponents(source + lane) : TWords.Halves(source + 2 * lane),
                (float*)target);
            target += Line;
            if (!HasMinimum) continue;
            TF minimum = TWords.Halves(source + 2 * StripRows + 2 * lane);
            TTile.Store(Scaled ? TTile.Multiply(minimum, TTile.Broadcast(&minus)) : minimum, (float*)target);
            target += Line;
            byte* pair = integers + StripRows * (GroupElements / TFormat.ScaleElements);
            for (int i = 0; Scaled && i < 128 / TFormat.ScaleElements; i++, target += Line, pair += 2 * StripRows)
                TWords.Store(TWords.Minimums(pair, pair + StripRows, lane), (int*)target);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PackStep(byte* quants, int step, byte* target)
    {
        PackColumn(quants, step, 0, target);
        PackColumn(quants, step, 1, target);
        PackColumn(quants, step, 2, target);
        PackColumn(quants, step, 3, target);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PackColumn(byte* quants, int step, int column, byte* target)
    {
        TFormat.Load<TWords, TW, TA, TI, TF>(quants, step, column, out TW q0, out TW q1, out TW q2, out TW q3);
        Store(q0, TFormat.Element(step, 0) / 4 + column, target);
        Store(q1, TFormat.Element(step, 1) / 4 + column, target);
        if (TFormat.Quads == 2) return;
        Store(q2, TFormat.Element(step, 2) / 4 + column, target);
        Store(q3, TFormat.Element(step, 3) / 4 + column, target);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(TW q, int quad, byte* target)
    {
        if (Planes == 2)
        {
            target += Line * (quad + quad / SegmentQuads * SegmentQuads);
            TWords.Store(TFormat.Low<TWords, TW, TA, TI, TF>(q), target);
            TWords.Store(TFormat.High<TWords, TW, TA, TI, TF>(q), target + Line * SegmentQuads);
            return;
        }

        TW value = TFormat.Value<TWords, TW, TA, TI, TF>(q);
        int offset = TFormat.EightBit ? 128 : TFormat.Offset;
        if (TTile.SignedWeights && offset != 0) value = TWords.Subtract(value, (byte)offset);
        TWords.Store(value, target + Line * quad);
    }
}
