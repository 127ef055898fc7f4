using System.Diagnostics.CodeAnalysis;

namespace Engine.Gguf;

/// <summary>A GGUF model file (v2 or v3, possibly split), memory-mapped and checked.</summary>
/// <remarks>Opening reads the metadata and the tensor directory only: data pages come in when they are used. The file
/// must not be shortened while it is open. Immutable after opening: safe for any number of threads; metadata and
/// tensor data are valid until disposal.</remarks>
public sealed class GgufFile : IDisposable
{
    private readonly List<GgufPart> _parts = [];
    private readonly Dictionary<string, GgufTensor> _byName = [];
    private readonly List<GgufTensor> _tensors = [];

    private GgufFile()
    {
    }

    /// <summary>Format version of the (first) file.</summary>
    public uint Version => _parts[0].Version;

    /// <summary>Metadata of the first file.</summary>
    public GgufMetadata Metadata => _parts[0].Metadata;

    /// <summary>Tensors of all parts in file order.</summary>
    public IReadOnlyList<GgufTensor> Tensors => _tensors;

    /// <summary>Total size of all parts in bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>Number of files that the model consists of.</summary>
    public int PartCount => _parts.Count;

    /// <summary>Opens a file; of a split model, any part (the others are found beside it).</summary>
    /// <exception cref="ModelFormatException">The file is damaged or not GGUF; the message says where and why.
    /// </exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static GgufFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var file = new GgufFile();
        try
        {
            file.Add(GgufPart.Open(path));
            file.AddOtherParts(path);
            file.Index();
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Finds a tensor by name.</summary>
    public bool TryGetTensor(string name, [NotNullWhen(true)] out GgufTensor? tensor) =>
        _byName.TryGetValue(name, out tensor);

    /// <summary>Copies bytes of a tensor without touching the pages that are mapped.</summary>
    /// <exception cref="IOException">The file cannot be read, or became shorter.</exception>
    internal void Read(GgufTensor tensor, long offset, Span<byte> target) =>
        _parts.Find(part => part.Holds(tensor))!.Read(tensor, offset, target);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (GgufPart part in _parts) part.Dispose();
    }

    private void Add(GgufPart part)
    {
        _parts.Add(part);
        Bytes += part.Bytes;
    }

    /// <summary>What a file says about the split it belongs to; a file of its own is part 0 of 1.</summary>
    private static (uint Index, uint Count) SplitOf(GgufPart part)
    {
        uint count = part.Metadata.GetUInt32("split.count", 0);
        uint index = part.Metadata.GetUInt32("split.no", 0);
        if (count <= 1 && index == 0) return (0, 1);
        if (count > ushort.MaxValue) throw part.Error("split.count", $"at most {ushort.MaxValue}", $"{count}");
        if (index >= count) throw part.Error("split.no", $"a number below split.count = {count}", $"{index}");
        return (index, count);
    }

    private void AddOtherParts(string path)
    {
        (uint index, uint count) = SplitOf(_parts[0]);
        if (count == 1) return;
        bool named = GgufSplit.TryParse(path, out string prefix, out int nameIndex, out int nameCount);
        if (!named || nameIndex != index || nameCount != count)
        {
            throw _parts[0].Error(
                "file name", $"NAME-{index + 1:D5}-of-{count:D5}.gguf for part {index + 1} of {count}",
                Path.GetFileName(path));
        }

        GgufPart given = _parts[0];
        _parts.Clear();
        Bytes = 0;
        try
        {
            for (int i = 0; i < count; i++) Add(i == index ? given : OpenPart(given, prefix, i, (int)count));
        }
        finally
        {
            if (!_parts.Contains(given)) given.Dispose();
        }
    }

    private static GgufPart OpenPart(GgufPart given, string prefix, int index, int count)
    {
        string path = GgufSplit.NameOf(prefix, index, count);
        if (!File.Exists(path))
        {
            throw given.Error(
                "split model", $"part {index + 1} of {count} beside it, {Path.GetFileName(path)}", "no such file");
        }

        GgufPart part = GgufPart.Open(path);
        try
        {
            (uint foundIndex, uint foundCount) = SplitOf(part);
            if (foundIndex == index && foundCount == count) return part;
            throw part.Error(
                "split.no", $"part {index + 1} of {count}", $"part {foundIndex + 1} of {foundCount}");
        }
        catch
        {
            part.Dispose();
            throw;
        }
    }

    private void Index()
    {
        const string CountKey = "split.tensors.count";
        foreach (GgufPart part in _parts)
        {
            foreach (GgufTensor tensor in part.Tensors)
            {
                if (!_byName.TryAdd(tensor.Name, tensor))
                    throw part.Error(tensor.Name, "each tensor once", "a second one of this name");
                _tensors.Add(tensor);
            }
        }

        if (_parts.Count == 1) return;
        foreach (GgufPart part in _parts)
        {
            uint expected = part.Metadata.GetUInt32(CountKey, (uint)_tensors.Count);
            if (expected != _tensors.Count)
                throw part.Error(CountKey, $"{_tensors.Count}, the tensors in all parts", $"{expected}");
        }
    }
}
