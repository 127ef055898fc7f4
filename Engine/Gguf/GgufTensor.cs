using Engine.Formats;

namespace Engine.Gguf;

/// <summary>One tensor of a GGUF file: name, type, shape and where its bytes are mapped.</summary>
public sealed unsafe class GgufTensor
{
    internal GgufTensor(
        string name, WeightType type, long[] dimensions, byte* data, long bytes, bool isPacked = false)
    {
        IsPacked = isPacked;
        Name = name;
        Type = type;
        Dimensions = dimensions;
        Data = data;
        Bytes = bytes;
        ElementCount = 1;
        foreach (long size in dimensions) ElementCount *= size;
    }

    /// <summary>Name such as <c>blk.0.attn_q.weight</c>.</summary>
    public string Name { get; }

    /// <summary>Element type.</summary>
    public WeightType Type { get; }

    /// <summary>True if the rows are interleaved as docs/packing.md says, false if they are as GGUF has them.</summary>
    public bool IsPacked { get; }

    /// <summary>Sizes, fastest first as GGUF stores them: [columns, rows, …].</summary>
    public IReadOnlyList<long> Dimensions { get; }

    /// <summary>Size of the data in bytes.</summary>
    public long Bytes { get; }

    /// <summary>Number of elements: the product of the dimensions.</summary>
    public long ElementCount { get; }

    /// <summary>First byte; valid while the file is open.</summary>
    internal byte* Data { get; }
}
