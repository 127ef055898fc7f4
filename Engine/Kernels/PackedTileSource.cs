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

    public static ActivationKinds Input
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Scaled ? ActivationKinds.Group256 : ActivationKinds.Group32;
    }

    public static int BlockBytes => TFormat.BlockBytes;

    public static int GroupElements
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.BlockElements;
    }

    public static int SegmentQuads
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TilePanel<TRoute>.SegmentQuads(TFormat.EightBit, TFormat.Largest, TFormat.ScaleElements);
    }

    public static int ElementBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TRoute.ElementBytes;
    }

    public static int Planes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TilePanel<TRoute>.Planes(TFormat.EightBit);
    }

    public static int PanelOffset
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TilePanel<TRoute>.Offset(TFormat.EightBit, TFormat.Offset);
    }

    public static bool Scaled
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.BlockElements == 256;
    }

    public static bool HasMinimum
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.HasMinimum;
    }

    public static int MinimumElements
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.ScaleElements;
    }

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
    /// <remarks>Quants and scales have a method each: together they are more than the JIT inlines.</remarks>
    private static void PackRows(in WeightView weights, int row, int column, int groups, byte* target)
    {
        byte* integers = stackalloc byte[32 * StripRows];
        byte* strip = weights.Data + (row & -StripRows) * weights.RowBytes;
        int blocks = weights.Columns / GroupElements, first = column / GroupElements, lane = row % StripRows;
        for (int block = first; block < first + groups; block++)
        {
            (long quants, long scales) = PackedLayout.Locate(blocks, block, TFormat.QuantBytes, TFormat.BlockBytes);
            PackQuants(strip + quants + 4 * lane, target);
            target += GroupElements / 4 * Planes * ElementBytes * Line;
            target = PackScales(strip + scales, integers, lane, target);
        }
    }

    /// <summary>Integer scales, d, then m or (−dmin, pairs of minimums); returns the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static byte* PackScales(byte* source, byte* integers, int lane, byte* target)
    {
        int line = Line, segmentElements = 4 * SegmentQuads;
        float minus = -1;
        TFormat.Integers(source, integers);
        source += StripRows * TFormat.IntegerBytes;
        for (int element = 0; Scaled && element < GroupElements; element += segmentElements, target += line)
            TWords.Store(
                TWords.Scales(integers + StripRows * (element / TFormat.ScaleElements), lane, TFormat.SignedScales),
                (int*)target);
        TTile.Store(TFormat.HasExponents ? TWords.Exponents(source + lane) : TWords.Halves(source + 2 * lane),
            (float*)target);
        target += line;
        if (!HasMinimum) return target;
        TF minimum = TWords.Halves(source + 2 * StripRows + 2 * lane);
        TTile.Store(Scaled ? TTile.Multiply(minimum, TTile.Broadcast(&minus)) : minimum, (float*)target);
        target += line;
        byte* pair = integers + StripRows * (GroupElements / TFormat.ScaleElements);
        for (int i = 0; Scaled && i < 128 / TFormat.ScaleElements; i++, target += line, pair += 2 * StripRows)
            TWords.Store(TWords.Minimums(pair, pair + StripRows, lane), (int*)target);
        return target;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void PackQuants(byte* quants, byte* target)
    {
        int planes = Planes, segment = SegmentQuads, line = Line, steps = TFormat.Steps;
        for (int step = 0; step < steps; step++, quants += TFormat.StepBytes)
        {
            int quad = TFormat.Element(step, 0) / 4;
            if (TFormat.Quads == 2)
            {
                int next = quad + TFormat.Element(0, 1) / 4;
                PackTwo(quants, 0, quad, next, target, planes, segment, line);
                PackTwo(quants, 1, quad + 1, next + 1, target, planes, segment, line);
                PackTwo(quants, 2, quad + 2, next + 2, target, planes, segment, line);
                PackTwo(quants, 3, quad + 3, next + 3, target, planes, segment, line);
                continue;
            }

            // Four quads, 32 elements apart, and never in planes.
            byte* lines = target + line * quad, columns = quants;
            for (int pair = 0; pair < 2; pair++, columns += TFormat.PairBytes, lines += 2 * line)
            {
                PackFour(columns, 0, lines, line);
                PackFour(columns, 1, lines + line, line);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PackFour(byte* quants, int column, byte* lines, int line)
    {
        TFormat.Load<TWords, TW, TA, TI, TF>(quants, column, out TW q0, out TW q1, out TW q2, out TW q3);
        TWords.Store(TWords.Lowered(q0, TFormat.Offset), lines);
        TWords.Store(TWords.Lowered(q1, TFormat.Offset), lines + 8 * line);
        TWords.Store(TWords.Lowered(q2, TFormat.Offset), lines + 16 * line);
        TWords.Store(TWords.Lowered(q3, TFormat.Offset), lines + 24 * line);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PackTwo(
        byte* quants, int column, int quad0, int quad1, byte* target, int planes, int segment, int line)
    {
        TFormat.Load<TWords, TW, TA, TI, TF>(quants, column, out TW q0, out TW q1, out _, out _);
        if (planes == 2)
        {
            byte* low0 = target + line * (quad0 + quad0 / segment * segment);
            TWords.Store(TFormat.Low<TWords, TW, TA, TI, TF>(q0), low0);
            TWords.Store(TFormat.High<TWords, TW, TA, TI, TF>(q0), low0 + line * segment);
            byte* low1 = target + line * (quad1 + quad1 / segment * segment);
            TWords.Store(TFormat.Low<TWords, TW, TA, TI, TF>(q1), low1);
            TWords.Store(TFormat.High<TWords, TW, TA, TI, TF>(q1), low1 + line * segment);
            return;
        }

        if (TRoute.ElementBytes == 2)
        {
            byte* lines0 = target + 2 * line * quad0, lines1 = target + 2 * line * quad1;
            TWords.StoreWords(TFormat.Value<TWords, TW, TA, TI, TF>(q0), lines0, lines0 + line);
            TWords.StoreWords(TFormat.Value<TWords, TW, TA, TI, TF>(q1), lines1, lines1 + line);
            return;
        }

        int offset = TFormat.EightBit ? 128 : TFormat.Offset;
        TWords.Store(TWords.Lowered(TFormat.Value<TWords, TW, TA, TI, TF>(q0), offset), target + line * quad0);
        TWords.Store(TWords.Lowered(TFormat.Value<TWords, TW, TA, TI, TF>(q1), offset), target + line * quad1);
    }
}
