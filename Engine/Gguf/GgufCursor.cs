using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using Engine.Memory;

namespace Engine.Gguf;

/// <summary>Reads a mapped GGUF file from front to back; every read is checked against the end of the file.</summary>
internal sealed unsafe class GgufCursor(MappedFile file)
{
    /// <summary>Bytes of all keys and names together. They become UTF-16 strings, so this bounds what a hostile file
    /// can make the reader allocate; real models stay below 1 MiB.</summary>
    private const long MaximumNameBytes = 16 << 20;

    private readonly string _name = Path.GetFileName(file.Path);
    private long _nameBytes;

    public long Position { get; private set; }

    public long Remaining => file.Length - Position;

    public byte* Pointer => file.Pointer + Position;

    /// <summary>The exception to throw: which file, where in it, what was expected and found.</summary>
    public ModelFormatException Error(string where, string expected, string found) =>
        new($"{_name}: {where}: expected {expected}, found {found}");

    /// <summary>Moves on by a length that comes from the file.</summary>
    public void Skip(ulong bytes, string where)
    {
        Need(bytes, 1, where);
        Position += (long)bytes;
    }

    /// <summary>Throws unless <paramref name="count"/> things of at least that many bytes can follow.</summary>
    public void Need(ulong count, uint bytesEach, string where)
    {
        if (count <= (ulong)Remaining / bytesEach) return;
        string found = $"only {Remaining} at offset {Position}: the file is damaged or was not fully downloaded";
        throw Error(where, bytesEach == 1 ? $"{count} bytes" : $"at least {count} × {bytesEach} bytes", found);
    }

    public uint ReadUInt32(string where)
    {
        Need(sizeof(uint), 1, where);
        uint value = BinaryPrimitives.ReadUInt32LittleEndian(new ReadOnlySpan<byte>(Pointer, sizeof(uint)));
        Position += sizeof(uint);
        return value;
    }

    public ulong ReadUInt64(string where)
    {
        Need(sizeof(ulong), 1, where);
        ulong value = BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(Pointer, sizeof(ulong)));
        Position += sizeof(ulong);
        return value;
    }

    /// <summary>Reads a key or tensor name.</summary>
    /// <param name="where">Where we are, for messages.</param>
    /// <param name="maximumBytes">Longest name allowed.</param>
    public string ReadName(string where, uint maximumBytes)
    {
        ulong length = ReadUInt64(where);
        if (length > maximumBytes) throw Error(where, $"a name of at most {maximumBytes} bytes", $"{length} bytes");
        _nameBytes += (long)length;
        if (_nameBytes > MaximumNameBytes)
            throw Error(where, $"at most {MaximumNameBytes} bytes of names in all", $"{_nameBytes}");
        byte* text = Pointer;
        Skip(length, where);
        var utf8 = new ReadOnlySpan<byte>(text, (int)length);
        if (!Utf8.IsValid(utf8)) throw Error(where, "a name in UTF-8", "malformed bytes");
        return Encoding.UTF8.GetString(utf8);
    }

    /// <summary>Checks a metadata value and moves behind it.</summary>
    /// <param name="key">Key, for messages.</param>
    /// <param name="type">Type as the file states it.</param>
    public GgufValue ReadValue(string key, uint type)
    {
        GgufValueType valueType = CheckType(key, type);
        if (valueType == GgufValueType.Array) return ReadArray(key, depth: 0);
        ulong length = valueType == GgufValueType.String ? ReadUInt64(key) : GgufValue.SizeOf(valueType);
        byte* data = Pointer;
        Skip(length, key);
        if (valueType == GgufValueType.Boolean) CheckBooleans(key, data, 1);
        return new GgufValue(valueType, valueType, 1, data, (long)length);
    }

    private GgufValue ReadArray(string key, int depth)
    {
        // Nested arrays are legal but nobody needs many levels; the bound keeps the recursion off the stack's end.
        const int MaximumDepth = 8;
        if (depth == MaximumDepth) throw Error(key, $"at most {MaximumDepth} levels of arrays", "more");
        GgufValueType elementType = CheckType(key, ReadUInt32(key));
        ulong count = ReadUInt64(key);
        Need(count, GgufValue.MinimumBytesOf(elementType), key);
        byte* data = Pointer;
        switch (elementType)
        {
            case GgufValueType.String:
                SkipStrings(key, (long)count);
                break;
            case GgufValueType.Array:
                for (ulong i = 0; i < count; i++) ReadArray(key, depth + 1);
                break;
            default:
                Skip(count * GgufValue.SizeOf(elementType), key);
                break;
        }

        if (elementType == GgufValueType.Boolean) CheckBooleans(key, data, (long)count);
        return new GgufValue(GgufValueType.Array, elementType, (long)count, data, Pointer - data);
    }

    /// <summary>Walks over an array of strings. Vocabularies make this the longest loop of opening a file, so it
    /// keeps its state in registers: 49,000 tokens take well below a millisecond.</summary>
    private void SkipStrings(string key, long count)
    {
        byte* start = file.Pointer;
        long position = Position;
        long end = file.Length;
        for (long i = 0; i < count; i++)
        {
            long available = end - position - sizeof(ulong);
            ulong length = 0;
            if (available >= 0)
            {
                length = BinaryPrimitives.ReadUInt64LittleEndian(
                    new ReadOnlySpan<byte>(start + position, sizeof(ulong)));
            }

            if (available < 0 || length > (ulong)available)
            {
                Position = position;
                throw Error(key, $"{count} strings", $"the end of the file within string {i} at offset {position}");
            }

            position += sizeof(ulong) + (long)length;
        }

        Position = position;
    }

    private GgufValueType CheckType(string key, uint type)
    {
        if (type > (uint)GgufValueType.Float64)
            throw Error(key, $"a value type from 0 to {(uint)GgufValueType.Float64}", $"{type}");
        return (GgufValueType)type;
    }

    private void CheckBooleans(string key, byte* data, long count)
    {
        for (long done = 0; done < count; done += int.MaxValue)
        {
            var part = new ReadOnlySpan<byte>(data + done, (int)Math.Min(int.MaxValue, count - done));
            int index = part.IndexOfAnyExceptInRange((byte)0, (byte)1);
            if (index >= 0) throw Error(key, "booleans of 0 or 1", $"{part[index]}");
        }
    }
}
