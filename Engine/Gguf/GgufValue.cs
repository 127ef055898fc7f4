using System.Buffers.Binary;

namespace Engine.Gguf;

/// <summary>A metadata value where it lies in the mapped file; its extent has been checked.</summary>
internal readonly unsafe struct GgufValue(
    GgufValueType type, GgufValueType elementType, long count, byte* data, long bytes)
{
    /// <summary>Type of the value.</summary>
    public GgufValueType Type => type;

    /// <summary>Type of an array's elements; else as <see cref="Type"/>.</summary>
    public GgufValueType ElementType => elementType;

    /// <summary>Elements of an array; else 1.</summary>
    public long Count => count;

    /// <summary>First byte: of the number, of the text, or of the first element (its length first if it has one).
    /// </summary>
    public byte* Data => data;

    /// <summary>Size of what lies at <see cref="Data"/>.</summary>
    public long Bytes => bytes;

    /// <summary>Size of a number or boolean; 0 for strings and arrays.</summary>
    public static uint SizeOf(GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Boolean => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        GgufValueType.UInt64 or GgufValueType.Int64 or GgufValueType.Float64 => 8,
        _ => 0,
    };

    /// <summary>Fewest bytes that a value can take: an empty string is its length, an empty array its type and count.
    /// </summary>
    public static uint MinimumBytesOf(GgufValueType type) => type switch
    {
        GgufValueType.String => 8,
        GgufValueType.Array => 12,
        _ => SizeOf(type),
    };

    /// <summary>True for the eight integer types.</summary>
    public static bool IsInteger(GgufValueType type) => type is
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.UInt16 or GgufValueType.Int16 or
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.UInt64 or GgufValueType.Int64;

    /// <summary>Integer number <paramref name="index"/> of any integer type, wide enough for all.</summary>
    public Int128 IntegerAt(long index)
    {
        uint size = SizeOf(ElementType);
        var bytes = new ReadOnlySpan<byte>(Data + (index * size), (int)size);
        return ElementType switch
        {
            GgufValueType.UInt8 => bytes[0],
            GgufValueType.Int8 => (sbyte)bytes[0],
            GgufValueType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            GgufValueType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(bytes),
            GgufValueType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            GgufValueType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(bytes),
            GgufValueType.UInt64 => BinaryPrimitives.ReadUInt64LittleEndian(bytes),
            GgufValueType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(bytes),
            _ => throw new InvalidOperationException($"{ElementType} is not an integer"),
        };
    }

    /// <summary>Float number <paramref name="index"/>, Float32 or Float64.</summary>
    public double FloatAt(long index) => ElementType == GgufValueType.Float32
        ? BinaryPrimitives.ReadSingleLittleEndian(new ReadOnlySpan<byte>(Data + (index * 4), 4))
        : BinaryPrimitives.ReadDoubleLittleEndian(new ReadOnlySpan<byte>(Data + (index * 8), 8));

    /// <summary>What the value is, for messages: <c>String</c>, <c>array of 12 Int32</c>.</summary>
    public string Describe() =>
        Type == GgufValueType.Array ? $"array of {Count} {ElementType}" : Type.ToString();
}
