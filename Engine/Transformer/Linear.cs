using Engine.Formats.Packed;
using Engine.Kernels;

namespace Engine.Transformer;

/// <summary>A linear layer bound to its weights in the file and the kernel for their format.</summary>
internal sealed unsafe class Linear
{
    // Small enough that the last chunk does not keep the others waiting, large enough that claiming it costs nothing.
    private const long LeastChunkBytes = 16 * 1024;
    private const int ChunksPerWorker = 8;

    // A prompt's chunk first prepares its tokens for the tile, whatever its rows: fewer chunks do it less often.
    private const int ChunksPerWorkerOfPrompt = 3;
    private const int PromptTokens = 32;

    /// <summary>Name of the tensor.</summary>
    public required string Name { get; init; }

    /// <summary>Row of the tensor at which the weights begin.</summary>
    public int FirstRow { get; private init; }

    public required WeightView Weights { get; init; }

    public required LinearKernel Kernel { get; init; }

    /// <summary>One value per output feature, or null.</summary>
    public float* Bias { get; init; }

    public int Rows => Weights.Rows;

    /// <summary>Rows that one worker takes at a time, a multiple of the kernel's granularity.</summary>
    public int ChunkRows(int workers, int tokens)
    {
        int chunks = workers == 1 ? 1 : workers * (tokens < PromptTokens ? ChunksPerWorker : ChunksPerWorkerOfPrompt);
        long rows = Math.Max((Weights.Rows + chunks - 1) / chunks, LeastChunkBytes / Weights.RowBytes + 1);
        long granularity = Kernel.RowGranularity;
        return (int)Math.Min((rows + granularity - 1) / granularity * granularity, int.MaxValue / 2);
    }

    /// <summary>True if rows [first, first + rows) can stand by themselves in a packed tensor: whole strips, and at
    /// its end the rows behind them.</summary>
    public static bool IsWhole(int first, int rows, int total) =>
        first % PackedLayout.Rows == 0 && (rows % PackedLayout.Rows == 0 || first + rows == total);

    /// <summary>The layer made of rows [first, first + rows): a part of a fused tensor.</summary>
    /// <exception cref="ModelFormatException">The tensor is packed and the part cuts through a strip.</exception>
    public Linear Part(int first, int rows)
    {
        if (Kernel is PackedLinear && !IsWhole(first, rows, Rows))
            throw new ModelFormatException($"tensor {Name}: expected parts of a multiple of {PackedLayout.Rows} rows in"
                + $" a packed tensor, found rows {first} to {first + rows - 1}");
        WeightView view = Weights;
        view.Data += first * view.RowBytes;
        view.Rows = rows;
        return new Linear
        {
            Name = Name,
            FirstRow = FirstRow + first,
            Weights = view,
            Kernel = Kernel,
            Bias = Bias is null ? null : Bias + first,
        };
    }
}
