using Engine.Formats;
using Engine.Formats.Packed;
using Engine.Gguf;
using Engine.Kernels;
using Engine.Memory;

namespace Engine.Transformer;

/// <summary>Finds tensors by name, checks shape and type, and binds them in place.</summary>
internal sealed unsafe class TensorBinder(GgufFile file, KernelSet kernels, PackedWeights? packed) : IDisposable
{
    private readonly HashSet<string> used = [];
    private readonly List<AlignedBuffer<float>> converted = [];

    public bool Has(string name) => file.TryGetTensor(name, out _);

    /// <summary>A matrix of <paramref name="rows"/> output and <paramref name="columns"/> input features, with the bias
    /// <c>NAME.bias</c> if the file has one (of another name, if the weights are shared).</summary>
    public Linear Linear(string name, int rows, int columns, string? biasName = null)
    {
        GgufTensor tensor = Find(name + ".weight", columns, rows);
        WeightFormat format = Format(tensor);
        if (columns > LinearKernel.LargestColumns)
            throw new ModelFormatException(
                $"tensor {tensor.Name}: expected at most {LinearKernel.LargestColumns} columns, found {columns}");
        return new Linear
        {
            Name = tensor.Name,
            Weights = new WeightView
            {
                Data = tensor.Data,
                Rows = rows,
                Columns = columns,
                RowBytes = (nint)format.BytesOf(columns),
                Type = tensor.Type,
            },
            Kernel = tensor.IsPacked ? kernels.PackedLinear(tensor.Type) : kernels.Linear(tensor.Type),
            Bias = OptionalVector((biasName ?? name) + ".bias", rows),
        };
    }

    /// <summary>Like <see cref="Linear"/> with the number of rows left open.</summary>
    public Linear LinearOfAnyRows(string name, int columns, int largestRows, string? biasName = null)
    {
        GgufTensor tensor = Find(name + ".weight");
        if (tensor.Dimensions.Count != 2 || tensor.Dimensions[1] < 1 || tensor.Dimensions[1] > largestRows)
            throw Mismatch(tensor, $"[{columns}, 1 … {largestRows}]");
        return Linear(name, (int)tensor.Dimensions[1], columns, biasName);
    }

    /// <summary>f32 values in place, or converted if they are stored in another format.</summary>
    public float* Vector(string name, int count)
    {
        GgufTensor tensor = Find(name);
        if (tensor.ElementCount != count) throw Mismatch(tensor, $"{count} values");
        if (tensor.IsPacked)
            throw new ModelFormatException($"tensor {name}: expected {count} values, found a packed matrix");
        WeightFormat format = Format(tensor);
        if (packed is null && tensor.Type == WeightType.F32 && (nint)tensor.Data % sizeof(float) == 0)
            return (float*)tensor.Data;
        var copy = new AlignedBuffer<float>(count);
        converted.Add(copy);
        // A touched page of the mapped file can bring megabytes of neighbours with it: matrices that lie in memory
        // already.
        byte[] bytes = new byte[tensor.Bytes];
        file.Read(tensor, 0, bytes);
        format.Decode(bytes, copy.Slice(0, count));
        return copy.Pointer;
    }

    /// <summary>As <see cref="Vector"/>, or null if the file has no such tensor.</summary>
    public float* OptionalVector(string name, int count) => Has(name) ? Vector(name, count) : null;

    /// <summary>Number of elements of a tensor that is present.</summary>
    public long ElementCount(string name) => Find(name).ElementCount;

    /// <summary>A table of rows that are decoded one by one.</summary>
    public RowTable Table(string name, int columns, int largestRows)
    {
        GgufTensor tensor = Find(name);
        if (tensor.Dimensions.Count != 2 || tensor.Dimensions[0] != columns || tensor.Dimensions[1] < 1
            || tensor.Dimensions[1] > largestRows)
            throw Mismatch(tensor, $"[{columns}, 1 … {largestRows}]");
        WeightFormat format = Format(tensor);
        return new RowTable(format, tensor.Data, (int)tensor.Dimensions[1], columns, (int)format.BytesOf(columns),
            tensor.IsPacked ? PackedLayout.Find(tensor.Type) : null);
    }

    /// <summary>Marks a tensor that the model may hold but does not need.</summary>
    public void Ignore(string name) => used.Add(name);

    /// <summary>A tensor that nobody asked for means that the model computes something that this engine would leave
    /// out.</summary>
    public void RefuseUnused(string architecture)
    {
        foreach (GgufTensor tensor in file.Tensors)
            if (!used.Contains(tensor.Name))
                throw new ModelFormatException(
                    $"tensor {tensor.Name}: not known in architecture {architecture}; a model with it would be computed"
                    + " wrongly");
    }

    public void Dispose()
    {
        foreach (AlignedBuffer<float> buffer in converted) buffer.Dispose();
    }

    private GgufTensor Find(string name)
    {
        if (!file.TryGetTensor(name, out GgufTensor? tensor))
            throw new ModelFormatException($"tensor {name}: required, but absent");
        used.Add(name);
        return packed?.Find(name) ?? tensor;
    }

    private GgufTensor Find(string name, int columns, int rows)
    {
        GgufTensor tensor = Find(name);
        bool fits = tensor.Dimensions.Count is 1 or 2 && tensor.Dimensions[0] == columns
            && (tensor.Dimensions.Count == 2 ? tensor.Dimensions[1] : 1) == rows;
        return fits ? tensor : throw Mismatch(tensor, $"[{columns}, {rows}]");
    }

    private static WeightFormat Format(GgufTensor tensor) =>
        WeightFormats.TryGet(tensor.Type, out WeightFormat? format) ? format
            : throw new ModelFormatException($"tensor {tensor.Name}: type {tensor.Type} holds no weights");

    private static ModelFormatException Mismatch(GgufTensor tensor, string expected) =>
        new($"tensor {tensor.Name}: expected {expected}, found [{string.Join(", ", tensor.Dimensions)}]");
}
