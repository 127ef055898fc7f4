using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>Unpacking of rows into a panel: quads of a row beside those of the panel's other rows.</summary>
internal sealed unsafe partial class TileLinear<TSource, TTile, TW, TA, TI, TF>
{
    /// <summary>Packs columns [column, column + groups) of the rows; rows that are missing weigh nothing.</summary>
    private static void Pack(in WeightView weights, int row, int count, int column, int groups, byte* panel)
    {
        if (count < PanelRows) new Span<byte>(panel, groups * GroupBytes).Clear();
        for (int r = 0; r < count; r++)
        {
            byte* block = weights.Data + (row + r) * weights.RowBytes
                + column / TSource.GroupElements * TSource.BlockBytes;
            byte* target = panel + 4 * r;
            for (int group = 0; group < groups; group++, block += TSource.BlockBytes, target += GroupBytes)
                PackGroup(block, target);
        }
    }

    /// <summary>One row of one group; target is the row's first quad.</summary>
    private static void PackGroup(byte* block, byte* target)
    {
        byte* lanes = stackalloc byte[32];
        for (int part = 0; part < TSource.GroupElements / 32; part++)
        {
            TSource.Unpack(block, part, lanes);
            if (TSource.Planes == 2)
                ScatterPlanes((uint*)lanes, target + part * 2 * 32 * PanelRows);
            else
                Scatter((uint*)lanes, target + part * 32 * PanelRows);
        }

        byte* tail = target + QuantBytes;
        if (TSource.Scaled) PackIntegers(block, tail);
        tail += ScaleBytes;
        *(float*)tail = TSource.Scale(block);
        if (TSource.HasMinimum) *(float*)(tail + 4 * PanelRows) = TSource.Minimum(block);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scatter(uint* lanes, byte* target)
    {
        for (int quad = 0; quad < 8; quad++) *(uint*)(target + quad * 4 * PanelRows) = lanes[quad];
    }

    /// <summary>A segment's low nibbles, then its high ones: w + 128 = 16 · high + low.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ScatterPlanes(uint* lanes, byte* target)
    {
        int quads = TSource.SegmentQuads;
        for (int quad = 0; quad < 8; quad++)
        {
            byte* low = target + (quad / quads * 2 * quads + quad % quads) * 4 * PanelRows;
            *(uint*)low = lanes[quad] & 0x0F0F0F0F;
            *(uint*)(low + PlaneBytes) = (lanes[quad] >> 4) & 0x0F0F0F0F;
        }
    }

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
