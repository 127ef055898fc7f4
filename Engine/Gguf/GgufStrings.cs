using System.Buffers.Binary;
using Engine.Memory;

namespace Engine.Gguf;

/// <summary>An array of strings of a mapped file: 4 bytes of index a string, no copies.</summary>
internal sealed unsafe class GgufStrings : Utf8StringTable
{
    private readonly MappedFile _file;
    private readonly byte* _data;

    /// <summary>Where each string's length stands, and the end of the last.</summary>
    private readonly uint[] _offsets;

    /// <summary>Indexes an array that <see cref="GgufCursor"/> has walked over, so its lengths are known to fit.
    /// </summary>
    /// <exception cref="OverflowException">The array has 4 GiB or more.</exception>
    public GgufStrings(MappedFile file, in GgufValue value)
    {
        _file = file;
        _data = value.Data;
        _offsets = new uint[checked((int)value.Count) + 1];
        long end = checked((uint)value.Bytes);
        long offset = 0;
        for (int i = 0; i < _offsets.Length - 1; i++)
        {
            _offsets[i] = (uint)offset;
            ulong length = BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(_data + offset, 8));
            offset += sizeof(ulong) + (long)length;
        }

        _offsets[^1] = checked((uint)offset);
        if (offset != end) throw new InvalidOperationException("the file changed while it was open");
    }

    public override int Count => _offsets.Length - 1;

    public override ReadOnlySpan<byte> this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count);
            _file.ThrowIfClosed();
            uint start = _offsets[index] + sizeof(ulong);
            return new ReadOnlySpan<byte>(_data + start, checked((int)(_offsets[index + 1] - start)));
        }
    }
}
