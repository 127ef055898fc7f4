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

    /// <summary>The layer made of rows [first, first + rows): a part of a fused tensor.</summary>
    public Linear Part(int first, int rows)
    {
        WeightView view = Weights;
        view.Data += first * view.RowBytes;
        view.Rows = rows;
        return new Linear { Weights = view, Kernel = Kernel, Bias = Bias is null ? null : Bias + first };
    }
}
