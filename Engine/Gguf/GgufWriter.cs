using System.Buffers;
using System.Numerics;
using System.Text;
using Engine.Formats;
using Engine.Formats.Packed;

namespace Engine.Gguf;

/// <summary>Writes GGUF v3 files: collect metadata and tensors, then <see cref="Save"/>.</summary>
/// <remarks>Metadata is kept serialised; tensor data is asked for while saving, so a model need not fit in memory.
/// Not safe for several threads at once.</remarks>
public sealed class GgufWriter
{
    private const string AlignmentKey = "general.alignment";
    private const uint DefaultAlignment = 32;

    /// <summary>ggml keeps names in 64 bytes with a terminator, so other programs refuse longer ones.</summary>
    private const int MaximumTensorNameBytes = 63;

    private readonly ArrayBufferWriter<byte> _metadata = new();
    private readonly HashSet<string> _keys = [];
    private readonly HashSet<string> _names = [];
    private readonly List<Tensor> _tensors = [];
    private readonly uint _alignment;

    /// <summary>Starts an empty file.</summary>
    /// <param name="alignment">Every tensor starts at a multiple of this power of two, from 8 to 16 Mi bytes; other
    /// than 32 it is recorded as <c>general.alignment</c>.</param>
    public GgufWriter(int alignment = (int)DefaultAlignment)
    {
        if (!BitOperations.IsPow2(alignment) || alignment is < 8 or > 1 << 24)
            throw new ArgumentOutOfRangeException(nameof(alignment), alignment, "a power of two from 8 to 2^24");
        _alignment = (uint)alignment;
        if (_alignment != DefaultAlignment) AddValue(AlignmentKey, _alignment);
    }

    /// <summary>Format version in the header; 2 has the same layout and serves tests.</summary>
    internal uint Version { get; init; } = 3;

    /// <summary>Adds metadata. The type in the file follows from the .NET type: so <c>12u</c> is UInt32, <c>12</c>
    /// Int32, <c>string[]</c> an array of strings, and <c>object[]</c> of arrays a nested array.</summary>
    /// <exception cref="ArgumentException">The key is there already, reserved, or GGUF lacks the type.</exception>
    public void Add(string key, object value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (key == AlignmentKey) throw new ArgumentException("the alignment is given to the constructor", nameof(key));
        AddValue(key, value);
    }

    /// <summary>Copies metadata of an open file as it is.</summary>
    public unsafe void Add(GgufMetadata source, string key)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (key == AlignmentKey) throw new ArgumentException("the alignment is given to the constructor", nameof(key));
        GgufValue value = source.GetRaw(key);
        AddKey(key);
        GgufValueWriter.WriteUInt32(_metadata, (uint)value.Type);
        if (value.Type == GgufValueType.String) GgufValueWriter.WriteUInt64(_metadata, (ulong)value.Bytes);
        if (value.Type == GgufValueType.Array)
        {
            GgufValueWriter.WriteUInt32(_metadata, (uint)value.ElementType);
            GgufValueWriter.WriteUInt64(_metadata, (ulong)value.Count);
        }

        _metadata.Write(new ReadOnlySpan<byte>(value.Data, checked((int)value.Bytes)));
    }

    /// <summary>Adds a tensor whose data is at hand.</summary>
    /// <param name="name">At most 63 bytes of UTF-8, each once.</param>
    /// <param name="type">Element type.</param>
    /// <param name="dimensions">One to four sizes, fastest first; the first a multiple of the type's block.</param>
    /// <param name="data">Exactly the bytes that type and dimensions ask for; must not change until saved.</param>
    public void AddTensor(string name, WeightType type, ReadOnlySpan<long> dimensions, ReadOnlyMemory<byte> data)
    {
        long bytes = AddTensor(name, type, dimensions, stream => stream.Write(data.Span));
        if (bytes == data.Length) return;
        _tensors.RemoveAt(_tensors.Count - 1);
        _names.Remove(name);
        throw new ArgumentException($"{name}: expected {bytes} bytes of data, found {data.Length}", nameof(data));
    }

    /// <summary>Adds a tensor whose data a callback writes while saving.</summary>
    /// <returns>The number of bytes that the callback has to write.</returns>
    public long AddTensor(string name, WeightType type, ReadOnlySpan<long> dimensions, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (Encoding.UTF8.GetByteCount(name) > MaximumTensorNameBytes)
            throw new ArgumentException($"{name}: expected at most {MaximumTensorNameBytes} bytes", nameof(name));
        if (dimensions.Length is < 1 or > 4)
            throw new ArgumentException($"{name}: expected 1 to 4 dimensions, found {dimensions.Length}", nameof(name));
        if (!GgufTensorTypes.TryGetBlock(type, out int blockElements, out int blockBytes))
            throw new ArgumentOutOfRangeException(nameof(type), type, $"{name}: unknown tensor type");
        if (dimensions[0] % blockElements != 0)
        {
            throw new ArgumentException(
                $"{name}: expected a multiple of {blockElements} elements a row, found {dimensions[0]}", nameof(name));
        }

        long bytes = dimensions[0] / blockElements * blockBytes;
        foreach (long size in dimensions) ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size, nameof(dimensions));
        foreach (long size in dimensions[1..]) bytes = checked(bytes * size);
        if (!_names.Add(name)) throw new ArgumentException($"{name} was added before", nameof(name));
        _tensors.Add(new Tensor(name, (uint)type, dimensions.ToArray(), bytes, write));
        return bytes;
    }

    /// <summary>Copies a tensor of a file that stays open until saved.</summary>
    public unsafe void AddTensor(GgufTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        Action<Stream> write = stream =>
        {
            const int Step = 1 << 24;
            for (long done = 0; done < tensor.Bytes; done += Step)
            {
                int length = (int)Math.Min(Step, tensor.Bytes - done);
                stream.Write(new ReadOnlySpan<byte>(tensor.Data + done, length));
            }
        };
        if (tensor.IsPacked) AddPacked(tensor, write);
        else AddTensor(tensor.Name, tensor.Type, [.. tensor.Dimensions], write);
    }

    /// <summary>Adds a tensor in packed order, which the callback writes.</summary>
    internal void AddPacked(GgufTensor tensor, Action<Stream> write)
    {
        AddTensor(tensor.Name, tensor.Type, [.. tensor.Dimensions], write);
        _tensors[^1] = _tensors[^1] with { TypeId = (uint)tensor.Type + PackedLayout.TypeBase };
    }

    /// <summary>Writes the file: under a temporary name in the same folder, then flushed to disk and renamed, so that
    /// the path never shows half a model. An existing file is replaced.</summary>
    /// <exception cref="IOException">The file cannot be written; the path is unchanged.</exception>
    /// <exception cref="InvalidOperationException">A callback wrote too much or too little.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var stream = new FileStream(
                temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 16))
            {
                Write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Writes the file to a stream that counts its position from the file's start.</summary>
    internal void Write(Stream stream)
    {
        stream.Write(Header());
        Pad(stream);
        foreach (Tensor tensor in _tensors)
        {
            long start = stream.Position;
            tensor.Write(stream);
            long written = stream.Position - start;
            if (written != tensor.Bytes)
            {
                throw new InvalidOperationException(
                    $"{tensor.Name}: expected {tensor.Bytes} bytes of data, the callback wrote {written}");
            }

            Pad(stream);
        }
    }

    private ReadOnlySpan<byte> Header()
    {
        var header = new ArrayBufferWriter<byte>();
        header.Write("GGUF"u8);
        GgufValueWriter.WriteUInt32(header, Version);
        GgufValueWriter.WriteUInt64(header, (ulong)_tensors.Count);
        GgufValueWriter.WriteUInt64(header, (ulong)_keys.Count);
        header.Write(_metadata.WrittenSpan);
        long offset = 0;
        foreach (Tensor tensor in _tensors)
        {
            GgufValueWriter.WriteText(header, tensor.Name);
            GgufValueWriter.WriteUInt32(header, (uint)tensor.Dimensions.Length);
            foreach (long size in tensor.Dimensions) GgufValueWriter.WriteUInt64(header, (ulong)size);
            GgufValueWriter.WriteUInt32(header, tensor.TypeId);
            GgufValueWriter.WriteUInt64(header, (ulong)offset);
            offset = checked((offset + tensor.Bytes + _alignment - 1) & -(long)_alignment);
        }

        return header.WrittenSpan;
    }

    private void Pad(Stream stream)
    {
        Span<byte> zeros = stackalloc byte[256];
        zeros.Clear();
        for (long missing = -stream.Position & (_alignment - 1); missing > 0;)
        {
            int step = (int)Math.Min(missing, zeros.Length);
            stream.Write(zeros[..step]);
            missing -= step;
        }
    }

    private void AddValue(string key, object value)
    {
        // Serialise first: a value that GGUF cannot express must not leave its key behind.
        var serialised = new ArrayBufferWriter<byte>();
        GgufValueWriter.WriteTyped(serialised, value);
        AddKey(key);
        _metadata.Write(serialised.WrittenSpan);
    }

    private void AddKey(string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        if (Encoding.UTF8.GetByteCount(key) > ushort.MaxValue)
            throw new ArgumentException($"expected a key of at most {ushort.MaxValue} bytes", nameof(key));
        if (!_keys.Add(key)) throw new ArgumentException($"{key} was added before", nameof(key));
        GgufValueWriter.WriteText(_metadata, key);
    }

    private sealed record Tensor(string Name, uint TypeId, long[] Dimensions, long Bytes, Action<Stream> Write);
}
