using System.Buffers.Binary;
using System.Text;

namespace Engine.Gguf;

/// <summary>Turns metadata values into .NET objects.</summary>
internal static unsafe class GgufBoxing
{
    /// <summary>Elements of an array, nested ones together, that are copied at most.</summary>
    public const int MaximumElements = 1 << 20;

    /// <summary>The value as an object; null if it is too large.</summary>
    public static object? Box(in GgufValue value)
    {
        if (value.Type == GgufValueType.Array)
        {
            byte* data = value.Data;
            long budget = MaximumElements;
            return BoxArray(value.ElementType, value.Count, ref data, ref budget);
        }

        if (value.Type != GgufValueType.String) return BoxScalar(value.Type, value.Data);
        return value.Bytes <= MaximumElements ? Encoding.UTF8.GetString(value.Data, (int)value.Bytes) : null;
    }

    private static object? BoxArray(GgufValueType type, long count, ref byte* data, ref long budget)
    {
        // A byte of text counts like an element: both bound what is allocated.
        if ((budget -= count) < 0) return null;
        if (type is not (GgufValueType.Array or GgufValueType.String))
        {
            Array numbers = NewArray(type, (int)count);
            for (int i = 0; i < numbers.Length; i++, data += GgufValue.SizeOf(type))
                numbers.SetValue(BoxScalar(type, data), i);
            return numbers;
        }

        object?[] objects = type == GgufValueType.String ? new string[count] : new object[count];
        for (int i = 0; i < objects.Length; i++)
        {
            if (type == GgufValueType.String)
            {
                long length = ReadInt64(data);
                if ((budget -= length) < 0) return null;
                objects[i] = Encoding.UTF8.GetString(data + sizeof(long), (int)length);
                data += sizeof(long) + length;
                continue;
            }

            var elementType = (GgufValueType)BinaryPrimitives.ReadInt32LittleEndian(new ReadOnlySpan<byte>(data, 4));
            long elements = ReadInt64(data + sizeof(int));
            data += sizeof(int) + sizeof(long);
            objects[i] = BoxArray(elementType, elements, ref data, ref budget);
            if (objects[i] is null) return null;
        }

        return objects;
    }

    private static Array NewArray(GgufValueType type, int count) => type switch
    {
        GgufValueType.UInt8 => new byte[count],
        GgufValueType.Int8 => new sbyte[count],
        GgufValueType.UInt16 => new ushort[count],
        GgufValueType.Int16 => new short[count],
        GgufValueType.UInt32 => new uint[count],
        GgufValueType.Int32 => new int[count],
        GgufValueType.UInt64 => new ulong[count],
        GgufValueType.Int64 => new long[count],
        GgufValueType.Float32 => new float[count],
        GgufValueType.Float64 => new double[count],
        _ => new bool[count],
    };

    private static object BoxScalar(GgufValueType type, byte* data)
    {
        var bytes = new ReadOnlySpan<byte>(data, (int)GgufValue.SizeOf(type));
        return type switch
        {
            GgufValueType.UInt8 => bytes[0],
            GgufValueType.Int8 => (sbyte)bytes[0],
            GgufValueType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            GgufValueType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(bytes),
            GgufValueType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            GgufValueType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(bytes),
            GgufValueType.UInt64 => BinaryPrimitives.ReadUInt64LittleEndian(bytes),
            GgufValueType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(bytes),
            GgufValueType.Float32 => BinaryPrimitives.ReadSingleLittleEndian(bytes),
            GgufValueType.Float64 => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
            _ => bytes[0] != 0,
        };
    }

    private static long ReadInt64(byte* data) =>
        BinaryPrimitives.ReadInt64LittleEndian(new ReadOnlySpan<byte>(data, sizeof(long)));
}
