using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>Many tokens times rows of floats: weights are widened and transposed once into a panel, so that a vector is
/// a column of rows and no sum runs across lanes; then all tokens pass the panel, twelve (six) at a time.</summary>
/// <remarks>Each output is one lane's sum for a panel, and panels along k are added in order: a result depends on
/// neither the partition of rows nor the number of tokens. Panel and activations stream from the second-level cache:
/// per column a tile loads two vectors and twelve floats for 24 multiplications. What is hot is optimised from the
/// first call and not inlined: profile-guided inlining was seen to leave calls between the vectors.</remarks>
internal sealed unsafe partial class FloatTile<W, V, TWeight>(string name) : LinearKernel
    where W : struct, IFloatWords<V>
    where V : unmanaged
    where TWeight : struct, IFloatWeight
{
    /// <summary>Most columns of a panel: 80 KiB of 32 rows. A row's columns are divided evenly.</summary>
    private const int MostColumns = 640;

    /// <summary>From row to row of widened weights: not a multiple of 4 KiB, or rows would share a cache set.</summary>
    private const int WideStride = MostColumns + 16;

    /// <summary>Tokens whose activations along a panel's columns should stay in the second-level cache.</summary>
    private const int MaxTokens = 256;

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
        float* panel = (float*)scratch, wide = panel + PanelRows * MostColumns, sums = wide + PanelRows * WideStride;
        int panels = (input.Columns + MostColumns - 1) / MostColumns;
        int step = ((input.Columns + panels - 1) / panels + 15) / 16 * 16;
        for (int token = 0; token < input.Rows; token += MaxTokens)
        {
            int tokens = Math.Min(MaxTokens, input.Rows - token);
            for (int column = 0; column < input.Columns; column += step)
            {
                int columns = Math.Min(step, input.Columns - column);
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
            tile = TileTokens(tokens - token);
            Prefetch(target, token, tile);
            if (tile == 12) Tile12(panel, columns, x, stride, sums);
            else if (tile == 6) Tile6(panel, columns, x, stride, sums);
            else Tile2(panel, columns, x, x + (tile - 1) * stride, sums); // One alone stands in for the second.
            Store(sums, tile, target, token);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
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

    private static int TileTokens(int left) =>
        W.HasManyRegisters && left >= 12 ? 12 : left >= 6 ? 6 : Math.Min(left, 2);

    /// <summary>Asks for the outputs of a tile, which will have come when its sums are there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Prefetch(in Target target, nint first, int tokens)
    {
        float* output = target.Output + first * target.Stride;
        for (int token = 0; token < tokens; token++, output += target.Stride)
            for (int row = 0; row < PanelRows; row += 16) W.Prefetch((byte*)(output + row));
    }

    /// <summary>Stores a tile's sums [token][row], or adds them to what the panels before brought.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
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
