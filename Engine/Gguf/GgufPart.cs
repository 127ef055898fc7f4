using System.Numerics;
using System.Text;
using Engine.Formats;
using Engine.Formats.Packed;
using Engine.Memory;

namespace Engine.Gguf;

/// <summary>One file of a model: reads and checks header, metadata and tensor directory.</summary>
internal sealed unsafe class GgufPart : IDisposable
{
    private const uint Magic = 0x46554747;
    private const uint OldestVersion = 2;
    private const uint NewestVersion = 3;
    private const uint MaximumDimensions = 4;

    /// <summary>Largest counts accepted: two orders above any real model, and small enough that the objects made for
    /// them stay below the 64 MiB that a hostile file may cost beside its own size.</summary>
    private const uint MaximumCount = 1 << 16;

    private const uint MaximumKeyBytes = ushort.MaxValue;
    private const uint MaximumTensorNameBytes = 256;

    private readonly MappedFile _file;
    private readonly GgufCursor _cursor;

    private GgufPart(MappedFile file)
    {
        _file = file;
        _cursor = new GgufCursor(file);
        Metadata = new GgufMetadata(file);
    }

    public uint Version { get; private set; }

    public GgufMetadata Metadata { get; }

    public GgufTensor[] Tensors { get; private set; } = [];

    public long Bytes => _file.Length;

    /// <summary>Opens one file; the other parts of a split model are the caller's business.</summary>
    public static GgufPart Open(string path)
    {
        MappedFile file = MappedFile.Open(path);
        try
        {
            var part = new GgufPart(file);
            part.Read();
            return part;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>True if the tensor's data lie in this file.</summary>
    public bool Holds(GgufTensor tensor) =>
        tensor.Data >= _file.Pointer && tensor.Data < _file.Pointer + _file.Length;

    /// <summary>Reads bytes of a tensor from <paramref name="offset"/> on.</summary>
    public void Read(GgufTensor tensor, long offset, Span<byte> target) =>
        _file.Read(tensor.Data - _file.Pointer + offset, target);

    public void Dispose() => _file.Dispose();

    /// <summary>An exception that names this file.</summary>
    public ModelFormatException Error(string where, string expected, string found) =>
        _cursor.Error(where, expected, found);

    private void Read()
    {
        ReadMagic();
        Version = ReadVersion();
        uint tensorCount = ReadCount("tensor count");
        uint valueCount = ReadCount("metadata count");

        // Shortest entry of each: an empty name, then type and value, or dimensions, type and offset.
        _cursor.Need(valueCount, 8 + 4 + 1, "metadata");
        for (uint i = 0; i < valueCount; i++) ReadPair(i, valueCount);
        uint alignment = ReadAlignment();
        _cursor.Need(tensorCount, 8 + 4 + 4 + 8, "tensor directory");
        var directory = new GgufDirectory(_file, _cursor, (int)tensorCount);
        for (uint i = 0; i < tensorCount; i++) ReadTensor(directory, i, tensorCount);
        Tensors = directory.Place(alignment);
    }

    private void ReadMagic()
    {
        if (_file.Length == 0) throw Error("magic", "a GGUF file", "an empty file");
        if (_file.Length >= sizeof(uint) && _cursor.ReadUInt32("magic") == Magic) return;
        var start = new ReadOnlySpan<byte>(_file.Pointer, (int)Math.Min(_file.Length, 16));
        string found = start.StartsWith("version https://"u8) ? "a Git LFS pointer, not the file it stands for"
            : start.StartsWith("ggml"u8) || start.StartsWith("lmgg"u8) || start.StartsWith("fmgg"u8)
                || start.StartsWith("tjgg"u8) ? "one of the formats that came before GGUF; convert the model again"
            : start.StartsWith("PK"u8) ? "a zip archive or PyTorch file"
            : $"bytes {Convert.ToHexString(start[..Math.Min(start.Length, 4)])}";
        throw Error("magic", "GGUF (bytes 47475546)", found);
    }

    private uint ReadVersion()
    {
        uint version = _cursor.ReadUInt32("version");
        if (version is >= OldestVersion and <= NewestVersion) return version;
        string expected = $"GGUF version {OldestVersion} or {NewestVersion}";
        if ((version & 0xFFFF) == 0 && version != 0)
            throw Error("version", expected + ", little-endian", $"0x{version:X8}: this is a big-endian file");
        throw Error("version", expected, version == 1 ? "version 1; convert the model again" : $"{version}");
    }

    private uint ReadCount(string where)
    {
        ulong count = _cursor.ReadUInt64(where);
        return count <= MaximumCount ? (uint)count : throw Error(where, $"at most {MaximumCount}", $"{count}");
    }

    private void ReadPair(uint index, uint count)
    {
        string where = $"metadata {index + 1} of {count}";
        string key = _cursor.ReadName(where, MaximumKeyBytes);
        uint type = _cursor.ReadUInt32(key);
        if (!Metadata.TryAdd(key, _cursor.ReadValue(key, type)))
            throw Error(key, "each key once", "it a second time as " + where);
    }

    private uint ReadAlignment()
    {
        const string Key = "general.alignment";
        const uint Default = 32, Smallest = 8, Largest = 1 << 24;
        uint alignment = Metadata.GetUInt32(Key, Default);
        return BitOperations.IsPow2(alignment) && alignment is >= Smallest and <= Largest
            ? alignment
            : throw Error(Key, $"a power of two from {Smallest} to {Largest}", $"{alignment}");
    }

    private void ReadTensor(GgufDirectory directory, uint index, uint count)
    {
        string name = _cursor.ReadName($"tensor {index + 1} of {count}", MaximumTensorNameBytes);
        uint rank = _cursor.ReadUInt32(name);
        if (rank > MaximumDimensions) throw Error(name, $"at most {MaximumDimensions} dimensions", $"{rank}");
        var dimensions = new long[Math.Max(rank, 1)];
        dimensions[0] = 1;
        ulong elements = 1;
        for (int i = 0; i < rank; i++)
        {
            ulong size = _cursor.ReadUInt64(name);
            if (size == 0 || size > long.MaxValue / elements)
                throw Error(name, $"dimension {i} from 1 with a product below 2^63", $"{size}");
            elements *= size;
            dimensions[i] = (long)size;
        }

        uint type = _cursor.ReadUInt32(name);
        ulong offset = _cursor.ReadUInt64(name);
        bool packed = PackedLayout.Find((WeightType)(type - PackedLayout.TypeBase)) is not null;
        if (packed)
        {
            CheckPacked(name, type, dimensions);
            type -= PackedLayout.TypeBase;
        }

        if (!GgufTensorTypes.TryGetBlock((WeightType)type, out int blockElements, out int blockBytes))
            throw Error(name, "a tensor type this engine knows", $"type id {type}");
        if (dimensions[0] % blockElements != 0)
        {
            throw Error(
                name, $"rows of a multiple of {blockElements} elements ({(WeightType)type})", Shape(dimensions));
        }

        // At most 8 bytes an element, so only elements near 2^63 can overflow.
        UInt128 bytes = (UInt128)(elements / (uint)blockElements) * (uint)blockBytes;
        if (bytes > (UInt128)_file.Length)
            throw Error(name, $"{bytes} bytes of data {Shape(dimensions)}", $"a file of {_file.Length} bytes");
        directory.Add(name, (WeightType)type, dimensions, offset, (long)bytes, packed);
    }

    /// <summary>What a packed tensor asks of its file and of its shape.</summary>
    private void CheckPacked(string name, uint type, long[] dimensions)
    {
        const string Key = PackedLayout.VersionKey, AlignmentKey = "general.alignment";
        uint version = Metadata.GetUInt32(Key, 0), alignment = Metadata.GetUInt32(AlignmentKey, 0);
        if (version == 0) throw Error(name, $"{Key} in the metadata of a file with packed tensors", "none");
        if (version > PackedLayout.Version)
            throw Error(Key, $"at most {PackedLayout.Version}", $"{version}: pack the model again, or update");
        if (alignment < PackedLayout.Alignment)
            throw Error(AlignmentKey, $"at least {PackedLayout.Alignment} in a packed file", $"{alignment}");
        if (dimensions.Length != 2 || dimensions[1] < PackedLayout.Rows)
            throw Error(name, $"a matrix of at least {PackedLayout.Rows} rows (type id {type})", Shape(dimensions));
    }

    private static string Shape(long[] dimensions)
    {
        var text = new StringBuilder("[");
        for (int i = 0; i < dimensions.Length; i++) text.Append(i == 0 ? "" : ", ").Append(dimensions[i]);
        return text.Append(']').ToString();
    }
}
