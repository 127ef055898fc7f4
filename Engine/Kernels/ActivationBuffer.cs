using Engine.Memory;

namespace Engine.Kernels;

/// <summary>Input rows of linear layers: f32, and quantised in the forms that the consuming kernels read.</summary>
internal sealed unsafe class ActivationBuffer : IDisposable
{
    private readonly AlignedBuffer<float> values;
    private readonly QuantizedStore? group32;
    private readonly QuantizedStore? group256;
    private readonly VectorKernels vector;

    /// <summary>Reserves <paramref name="rows"/> rows of up to <paramref name="columns"/> elements.</summary>
    public ActivationBuffer(VectorKernels vector, int rows, int columns, ActivationKinds kinds)
    {
        this.vector = vector;
        // Not a multiple of 2 KiB: rows at the same column would share a set of the first-level cache.
        ValueStride = Round(columns, 16);
        if (ValueStride % 512 == 0) ValueStride += 16;
        values = new AlignedBuffer<float>(rows * ValueStride);
        if (kinds.HasFlag(ActivationKinds.Group32)) group32 = new QuantizedStore(rows, columns, 32);
        if (kinds.HasFlag(ActivationKinds.Group256)) group256 = new QuantizedStore(rows, columns, 256);
    }

    /// <summary>Floats from row to row.</summary>
    public nint ValueStride { get; }

    /// <summary>The f32 row: written by the producer, read by <see cref="Prepare"/>.</summary>
    public float* Row(int row) => values.Pointer + row * ValueStride;

    /// <summary>Quantises the first <paramref name="columns"/> elements of a row into every form kept here.</summary>
    /// <remarks>A width that is no multiple of 32 has no quantised consumer (formats come in blocks of 32 and more).
    /// </remarks>
    public void Prepare(int row, int columns)
    {
        if (columns % 32 != 0) return;
        group32?.Quantize(vector, Row(row), row, columns);
        group256?.Quantize(vector, Row(row), row, columns);
    }

    /// <summary>Rows [first, first + rows) as kernels see them.</summary>
    public ActivationView View(int first, int rows, int columns) => new()
    {
        Rows = rows,
        Columns = columns,
        Values = Row(first),
        ValueStride = ValueStride,
        Group32 = group32 is null ? default : group32.View(first),
        Group256 = group256 is null ? default : group256.View(first),
    };

    public void Dispose()
    {
        values.Dispose();
        group32?.Dispose();
        group256?.Dispose();
    }

    private static nint Round(int count, int multiple) => (nint)((count + multiple - 1) / multiple) * multiple;

    private sealed class QuantizedStore : IDisposable
    {
        private readonly int group;
        private readonly AlignedBuffer<sbyte> quants;
        private readonly AlignedBuffer<float> scales;
        private readonly AlignedBuffer<short> sums;
        private readonly nint quantStride;
        private readonly nint scaleStride;
        private readonly nint sumStride;

        public QuantizedStore(int rows, int columns, int group)
        {
            this.group = group;
            quantStride = Round(columns, 256);
            scaleStride = Round((int)(quantStride / group), 16);
            sumStride = Round((int)(quantStride / 16), 32);
            quants = new AlignedBuffer<sbyte>(rows * quantStride);
            scales = new AlignedBuffer<float>(rows * scaleStride);
            sums = new AlignedBuffer<short>(rows * sumStride);
        }

        public void Quantize(VectorKernels vector, float* x, int row, int columns) =>
            vector.Quantize(x, columns, group, quants.Pointer + row * quantStride,
                scales.Pointer + row * scaleStride, sums.Pointer + row * sumStride);

        public QuantizedRows View(int first) => new()
        {
            Quants = quants.Pointer + first * quantStride,
            QuantStride = quantStride,
            Scales = scales.Pointer + first * scaleStride,
            ScaleStride = scaleStride,
            Sums = sums.Pointer + first * sumStride,
            SumStride = sumStride,
        };

        public void Dispose()
        {
            quants.Dispose();
            scales.Dispose();
            sums.Dispose();
        }
    }
}
