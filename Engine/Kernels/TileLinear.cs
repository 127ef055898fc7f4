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
    private const int MaxTokens = 256;

    public override ActivationKinds Input => TSource.Input;

    public override int RowGranularity => 16;

    public override string Name => name;

    private static int PanelRows
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2 * TTile.Rows;
    }

    /// <summary>Columns of a panel of at most 32 KiB of weights.</summary>
    internal static int PanelElements
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => PanelRows * TSource.Planes > 32 ? 512 : 1024;
    }

    private static int Segments
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TSource.GroupElements / 4 / TSource.SegmentQuads;
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

    /// <summary>What four tokens bring to a group besides their quants: starts, sums for minimums, scales.</summary>
    private static int RecordWords
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TileTokens * ((HasStart ? Segments : 0) + (TSource.HasMinimum ? Math.Max(MinimumPairs, 1) : 0) + 1);
    }

    public override void Multiply(in WeightView weights, int rowBegin, int rowEnd, in ActivationView input,
        float* output, nint outputStride, byte* scratch)
    {
        int panelBytes = PanelElements / TSource.GroupElements * GroupBytes;
        float* sums = (float*)(scratch + panelBytes);
        int* records = (int*)(sums + TileTokens * PanelRows);
        QuantizedRows rows = TSource.Input == ActivationKinds.Group32 ? input.Group32 : input.Group256;
        for (int token = 0; token < input.Rows; token += MaxTokens)
        {
            int tokens = Math.Min(MaxTokens, input.Rows - token);
            for (int column = 0; column < weights.Columns; column += PanelElements)
            {
                int groups = Math.Min(PanelElements, weights.Columns - column) / TSource.GroupElements;
                Record(rows, token, tokens, column, groups, records);
                for (int row = rowBegin; row < rowEnd; row += PanelRows)
                {
                    int count = Math.Min(PanelRows, rowEnd - row);
                    Pack(weights, row, count, column, groups, scratch);
                    float* target = output + token * outputStride + row;
                    Pass(scratch, groups, rows, token, tokens, column, records, target, outputStride, count, sums);
                }
            }
        }
    }

    /// <summary>All tokens past one panel.</summary>
    private static void Pass(byte* panel, int groups, in QuantizedRows rows, int firstToken, int tokens, int column,
        int* records, float* output, nint outputStride, int count, float* sums)
    {
        int recordStride = groups * RecordWords;
        for (int token = 0; token < tokens; token += TileTokens, records += recordStride)
        {
            int valid = Math.Min(TileTokens, tokens - token);
            sbyte* a = rows.Quants + (firstToken + token) * rows.QuantStride + column;
            sbyte* a1 = a + Math.Min(1, valid - 1) * rows.QuantStride;
            sbyte* a2 = a + Math.Min(2, valid - 1) * rows.QuantStride;
            sbyte* a3 = a + Math.Min(3, valid - 1) * rows.QuantStride;
            new Span<float>(sums, TileTokens * PanelRows).Clear();
            if (TSource.Planes == 2) TilePlanes(panel, groups, a, a1, a2, a3, records, sums);
            else Tile(panel, groups, a, a1, a2, a3, records, sums);
            for (int t = 0; t < valid; t++)
                Deliver(sums + t * PanelRows, output + (token + t) * outputStride, count, column != 0);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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

    /// <summary>Prepares what tokens bring besides their quants: [four tokens][group][starts, sums, scales].
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Record(
        in QuantizedRows rows, int firstToken, int tokens, int column, int groups, int* records)
    {
        int recordStride = groups * RecordWords;
        for (int token = 0; token < (tokens + TileTokens - 1) / TileTokens * TileTokens; token++)
        {
            int source = firstToken + Math.Min(token, tokens - 1); // The last token stands in for missing ones.
            sbyte* quants = rows.Quants + source * rows.QuantStride + column;
            float* scales = rows.Scales + source * rows.ScaleStride + column / TSource.GroupElements;
            short* sums = rows.Sums + source * rows.SumStride + column / 16;
            int* word = records + token / TileTokens * recordStride + token % TileTokens;
            for (int group = 0; group < groups; group++)
            {
                if (HasStart)
                {
                    for (int segment = 0; segment < Segments; segment++, word += TileTokens)
                        *word = TTile.StartWord(quants + 4 * TSource.SegmentQuads * segment, TSource.SegmentQuads,
                            TSource.PanelOffset);
                }

                if (TSource.HasMinimum && !TSource.Scaled)
                {
                    *(float*)word = (sums[0] + sums[1]) * scales[group];
                    word += TileTokens;
                }

                for (int pair = 0; pair < MinimumPairs; pair++, word += TileTokens)
                    *word = SumPair(sums + pair * TSource.MinimumElements / 8);
                *(float*)word = scales[group];
                word += TileTokens;
                quants += TSource.GroupElements;
                sums += TSource.GroupElements / 16;
            }
        }
    }

    /// <summary>The sums of two neighbouring groups of elements as a pair of shorts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int SumPair(short* sums) => TSource.MinimumElements == 16
        ? *(int*)sums
        : (ushort)(sums[0] + sums[1]) | (sums[2] + sums[3]) << 16;
}
