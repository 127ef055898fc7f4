using System.Diagnostics.CodeAnalysis;

namespace Engine.Gguf;

/// <summary>A GGUF model file (v2 or v3, possibly split), memory-mapped and checked.</summary>
public sealed class GgufFile : IDisposable
{
    private GgufFile()
    {
    }

    /// <summary>Format version of the (first) file.</summary>
    public uint Version => throw new NotSupportedException();

    /// <summary>Metadata of the first file.</summary>
    public GgufMetadata Metadata => throw new NotSupportedException();

    /// <summary>Tensors of all parts in file order.</summary>
    public IReadOnlyList<GgufTensor> Tensors => throw new NotSupportedException();

    /// <summary>Total size of all parts in bytes.</summary>
    public long Bytes => throw new NotSupportedException();

    /// <summary>Opens a file; of a split model, its first part (the others are found beside it).</summary>
    /// <exception cref="ModelFormatException">The file is damaged or not GGUF; the message says where and why.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static GgufFile Open(string path) => throw new NotSupportedException();

    /// <summary>Finds a tensor by name.</summary>
    public bool TryGetTensor(string name, [NotNullWhen(true)] out GgufTensor? tensor) =>
        throw new NotSupportedException();

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
