using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>Many tokens times rows of floats: weights are widened and transposed once into a panel, so that a vector is
/// a column of rows and no sum runs across lanes; then all tokens pass the panel, twelve (six) at a time.</summary>
/// <remarks>Each output is one lane's sum for a panel, and panels along k are added in order: a result depends on
/// neither the partition of rows nor the number of tokens. Panel and activations stream from the second-level cache:
/// per column a tile loads two vectors and twelve floats for 24 multiplications.</remarks>
internal sealed unsafe partial class FloatTile<W, V, TWeight>(string name) : LinearKernel
    where W : struct, IFloatWords<V>
    where V : unmanaged
    where TWeight : struct, IFloatWeight
{
    /// <summary>Columns of a panel: 64 KiB of 32 rows.</summary>
    private const int BlockColumns = 512;

    /// <summary>From row to row of widened weights: not a multiple of 4 KiB, or rows would share a cache set.</summary>
    private const int WideStride = BlockColumns + 16;

    /// <summary>Tokens whose activations along a panel's columns should stay in the second-level cache.</summary>
    private const int MaxTokens = 256;

    private const int MostTileTokens = 12;

    public override ActivationKinds Input => ActivationKinds.Single;

    public override int RowGranularity => 2 * W.Count;

    public override string Name => name;

    /// <summary>Rows of a panel: two vectors.</summary>
    private static int PanelRows
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2 * W.Count;
    }

    public override void Multiply(in WeightView weights, int rowBegin, int rowEnd, in ActivationView input,
        float* output, nint outputStride, byte* scratch)
    {
        float* panel = (float*)scratch, wide = panel + PanelRows * BlockColumns, sums = wide + PanelRows * WideStride;
        for (int token = 0; token < input.Rows; token += MaxTokens)
        {
            int tokens = Math.Min(MaxTokens, input.Rows - token);
            for (int column = 0; column < input.Columns; column += BlockColumns)
            {
                int columns = Math.Min(BlockColumns, input.Columns - column);
                float* x = input.Values + token * input.ValueStride + column;
                byte* data = weights.Data + (nint)column * TWeight.Bytes;
                for (int row = rowBegin; row < rowEnd; row += PanelRows)
                {
                    int rows = Math.Min(PanelRows, rowEnd - row);
                    Widen(data + row * weights.RowBytes, weights.RowBytes, rows, columns, wide);
                    Transpose(wide, columns, panel);
                    var target = new Target(output + token * outputStride + row, outputStride, rows, column == 0);
                    Pass(panel, columns, x, input.ValueStride, tokens, target, sums);
                }
            }
        }
    }

    /// <summary>All tokens past one panel.</summary>
    private static void Pass(
        float* panel, int columns, float* x, nint stride, int tokens, in Target target, float* sums)
    {
        for (int token = 0, tile; token < tokens; token += tile, x += tile * stride)
        {
            int left = tokens - token;
            if (W.HasManyRegisters && left >= MostTileTokens)
            {
                tile = MostTileTokens;
                Tile12(panel, columns, x, stride, sums);
            }
            else if (left >= 6)
            {
                tile = 6;
                Tile6(panel, columns, x, stride, sums);
            }
            else
            {
                tile = Math.Min(left, 2);
                Tile2(panel, columns, x, x + (tile - 1) * stride, sums); // Alone, a token stands in for its neighbour.
            }

            Store(sums, tile, target, token);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Widen(byte* data, nint rowBytes, int rows, int columns, float* wide)
    {
        for (int row = 0; row < rows; row++, data += rowBytes, wide += WideStride)
        {
            int i = 0;
            for (; i <= columns - W.Count; i += W.Count)
                W.Store(TWeight.Load<W, V>(data + (nint)i * TWeight.Bytes), wide + i);
            for (; i < columns; i++)
                wide[i] = TWeight.Load<FloatWordsScalar, float>(data + (nint)i * TWeight.Bytes);
        }

        // Rows that are missing must not bring what slows the multiplier, such as NaN left in scratch.
        for (int row = rows; row < PanelRows; row++, wide += WideStride) new Span<float>(wide, columns).Clear();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Transpose(float* wide, int columns, float* panel)
    {
        float* second = wide + W.Count * WideStride;
        int k = 0;
        for (; k <= columns - 4; k += 4, panel += 4 * PanelRows)
        {
            W.TransposeColumns(wide + k, WideStride, panel, PanelRows);
            W.TransposeColumns(second + k, WideStride, panel + W.Count, PanelRows);
        }

        for (; k < columns; k++, panel += PanelRows)
            for (int row = 0; row < PanelRows; row++) panel[row] = wide[row * WideStride + k];
    }

    /// <summary>Stores a tile's sums [token][row], or adds them to what the panels before brought.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Store(float* sums, int tokens, in Target target, nint first)
    {
        float* output = target.Output + first * target.Stride;
        for (int token = 0; token < tokens; token++, sums += PanelRows, output += target.Stride)
        {
            int row = 0;
            for (; row <= target.Rows - W.Count; row += W.Count)
            {
                V sum = W.Load(sums + row);
                W.Store(target.IsFirst ? sum : W.Add(W.Load(output + row), sum), output + row);
            }

            for (; row < target.Rows; row++) output[row] = target.IsFirst ? sums[row] : output[row] + sums[row];
        }
    }

    /// <summary>Where the outputs of a panel's rows lie.</summary>
    private readonly struct Target(float* output, nint stride, int rows, bool isFirst)
    {
        public readonly float* Output = output;
        public readonly nint Stride = stride;
        public readonly int Rows = rows;
        public readonly bool IsFirst = isFirst;
    }
}
