namespace Engine.Kernels;

/// <summary>Input rows of a linear layer in the forms its kernels read. Borrowed memory, rows 64-byte aligned.
/// </summary>
internal unsafe struct ActivationView
{
    /// <summary>Number of rows (tokens).</summary>
    public int Rows;

    /// <summary>Elements per row: the weight's columns.</summary>
    public int Columns;

    /// <summary>f32 rows and the floats from one row to the next.</summary>
    public float* Values;
    public nint ValueStride;

    /// <summary>Quantised rows; null where the kind was not prepared.</summary>
    public QuantizedRows Group32;
    public QuantizedRows Group256;

    /// <summary>The rows in the form of the kernel's <see cref="LinearKernel.Tiles"/>, where it has one.</summary>
    public byte* Tiles;

    /// <summary>One row, without tiles.</summary>
    public readonly ActivationView Row(int row) => this with
    {
        Rows = 1,
        Values = Values + row * ValueStride,
        Group32 = Group32.From(row),
        Group256 = Group256.From(row),
        Tiles = null,
    };
}

/// <summary>int8 rows: element = scale × quant, and the sum of the quants of every 16 elements.</summary>
internal unsafe struct QuantizedRows
{
    /// <summary>Quants in [−127, 127]; <see cref="QuantStride"/> bytes from row to row.</summary>
    public sbyte* Quants;
    public nint QuantStride;

    /// <summary>One scale a group; <see cref="ScaleStride"/> floats from row to row.</summary>
    public float* Scales;
    public nint ScaleStride;

    /// <summary>Sum of each 16 quants; <see cref="SumStride"/> shorts from row to row.</summary>
    public short* Sums;
    public nint SumStride;

    /// <summary>The rows from one on.</summary>
    public readonly QuantizedRows From(int row) => this with
    {
        Quants = Quants + row * QuantStride,
        Scales = Scales + row * ScaleStride,
        Sums = Sums + row * SumStride,
    };
}
