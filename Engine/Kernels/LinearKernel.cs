using Engine.Formats;

namespace Engine.Kernels;

/// <summary>A weight matrix in place: rows of blocks, usually in the mapped file.</summary>
internal unsafe struct WeightView
{
    public byte* Data;

    /// <summary>Output features.</summary>
    public int Rows;

    /// <summary>Input features, a multiple of the format's block.</summary>
    public int Columns;

    /// <summary>Bytes from row to row.</summary>
    public nint RowBytes;

    public WeightType Type;
}

/// <summary>y = x · Wᵀ for one weight format on one instruction set; picked once at load.</summary>
internal abstract unsafe class LinearKernel
{
    /// <summary>Bytes of scratch that <see cref="Multiply"/> may use, 64-byte aligned, one area per worker.</summary>
    public const int ScratchBytes = 768 * 1024;

    /// <summary>Input features that every kernel's scratch has room for, beside 256 KiB for a panel.</summary>
    public const int LargestColumns = 128 * 1024;

    /// <summary>Bytes ahead of the weights in use that matrix-vector loops ask for; 0 = off. Chosen at run time, before
    /// the first use: it is worth 12 % on one processor and costs 15–30 % on another.</summary>
    public static int PrefetchBytes { get; set; }

    /// <summary>The form of input it reads.</summary>
    public abstract ActivationKinds Input { get; }

    /// <summary>Rows are handed out in multiples of this, so that a row's result does not depend on the partition.
    /// </summary>
    public abstract int RowGranularity { get; }

    /// <summary>Name of the cell for reports: format, instruction set, variant.</summary>
    public abstract string Name { get; }

    /// <summary>The cell that computes so many rows, where the number decides between several.</summary>
    public virtual LinearKernel CellFor(int rows) => this;

    /// <summary>What brings so many rows into the order that <see cref="Multiply"/> reads in
    /// <see cref="ActivationView.Tiles"/>; null where it reads rows.</summary>
    public virtual TokenTiles? Tiles(int rows) => null;

    /// <summary>Computes output features [rowBegin, rowEnd) for all rows of the input.</summary>
    /// <param name="weights">The matrix.</param>
    /// <param name="rowBegin">First row, a multiple of <see cref="RowGranularity"/>.</param>
    /// <param name="rowEnd">End, a multiple of <see cref="RowGranularity"/> or the number of rows.</param>
    /// <param name="input">Input rows; the form <see cref="Input"/> is prepared.</param>
    /// <param name="output">output[t · outputStride + row].</param>
    /// <param name="outputStride">Floats from one token's output to the next.</param>
    /// <param name="scratch">This worker's scratch of <see cref="ScratchBytes"/>.</param>
    public abstract void Multiply(in WeightView weights, int rowBegin, int rowEnd, in ActivationView input,
        float* output, nint outputStride, byte* scratch);
}
