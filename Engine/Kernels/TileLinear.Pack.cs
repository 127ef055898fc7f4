using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>Unpacking of rows into a panel: quads of a row beside those of the panel's other rows.</summary>
internal sealed unsafe partial class TileLinear<TSource, TTile, TW, TA, TI, TF>
{
    /// <summary>Packs columns from the given one on; the last row stands in for rows that are missing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Pack(in WeightView weights, int row, int count, int column, int groups, byte* panel)
    {
        if (TSource.IsPacked)
        {
            TSource.Pack(weights, row, count, column, groups, panel);
            return;
        }

        int together = TSource.InterleavedRows;
        byte** blocks = stackalloc byte*[together];
        byte* lanes = stackalloc byte[2 * 32 * together];
        byte* first = weights.Data + row * weights.RowBytes + column / TSource.GroupElements * TSource.BlockBytes;
        for (int begin = 0; begin < PanelRows; begin += together)
        {
            for (int r = 0; r < together; r++) blocks[r] = first + Math.Min(begin + r, count - 1) * weights.RowBytes;
            byte* target = panel + 4 * begin;
            for (int group = 0; group < groups; group++, target += GroupBytes)
            {
                PackQuants(blocks, lanes, target);
                for (int r = 0; r < together; r++)
                {
                    byte* tail = target + 4 * r + QuantBytes;
                    if (TSource.Scaled) PackIntegers(blocks[r], tail);
                    tail += ScaleBytes;
                    *(float*)tail = TSource.Scale(blocks[r]);
                    if (TSource.HasMinimum) *(float*)(tail + 4 * PanelRows) = TSource.Minimum(blocks[r]);
                    blocks[r] += TSource.BlockBytes;
                }
            }
        }
    }

    /// <summary>The quants of one group of neighbouring rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PackQuants(byte** blocks, byte* lanes, byte* target)
    {
        int together = TSource.InterleavedRows, line = 4 * PanelRows;
        int step = 8 * TSource.Planes * TSource.ElementBytes * line;
        for (int part = 0; part < TSource.GroupElements / 32; part++, target += step)
        {
            for (int r = 0; r < together; r++) TSource.Unpack(blocks[r], part, lanes + 32 * r);
            TSource.Interleave(lanes, target, line);
            if (TSource.Planes == 2) TSource.Interleave(lanes + 32 * together, target + PlaneBytes, line);
            if (TSource.ElementBytes == 2) TSource.Interleave(lanes + 32 * together, target + 8 * line, line);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void PackIntegers(byte* block, byte* target)
    {
        short* scales = stackalloc short[16], minimums = stackalloc short[16];
        TSource.Integers(block, scales, minimums);
        for (int segment = 0; segment < Segments; segment++, target += 4 * PanelRows)
            *(int*)target = TTile.ScaleWord(scales[segment * TSource.SegmentQuads / 4]);
        if (!TSource.HasMinimum) return;
        target += 2 * 4 * PanelRows; // Past d and dmin.
        int step = TSource.MinimumElements / 16;
        for (int pair = 0; pair < MinimumPairs; pair++, target += 4 * PanelRows, minimums += 2 * step)
            *(int*)target = (ushort)minimums[0] | minimums[step] << 16;
    }
}
