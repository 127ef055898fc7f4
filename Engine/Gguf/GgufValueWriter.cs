using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Engine.Gguf;

/// <summary>Serialises metadata values: the counterpart of <see cref="GgufBoxing"/>.</summary>
internal static class GgufValueWriter
{
    /// <summary>Writes type and value.</summary>
    /// <exception cref="ArgumentException">GGUF has no such type.</exception>
    public static void WriteTyped(IBufferWriter<byte> output, object value)
    {
        GgufValueType type = TypeOf(value);
        WriteUInt32(output, (uint)type);
        WriteValue(output, type, value);
    }

    public static void WriteText(IBufferWriter<byte> output, string text)
    {
        WriteUInt64(output, (ulong)Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, output);
    }

    public static void WriteUInt32(IBufferWriter<byte> output, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(output.GetSpan(sizeof(uint)), value);
        output.Advance(sizeof(uint));
    }

    public static void WriteUInt64(IBufferWriter<byte> output, ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(output.GetSpan(sizeof(ulong)), value);
        output.Advance(sizeof(ulong));
    }

    private static GgufValueType TypeOf(object value) => value switch
    {
        byte => GgufValueType.UInt8,
        sbyte => GgufValueType.Int8,
        ushort => GgufValueType.UInt16,
        short => GgufValueType.Int16,
        uint => GgufValueType.UInt32,
        int => GgufValueType.Int32,
        float => GgufValueType.Float32,
        bool => GgufValueType.Boolean,
        string => GgufValueType.String,
        Array => GgufValueType.Array,
        ulong => GgufValueType.UInt64,
        long => GgufValueType.Int64,
        double => GgufValueType.Float64,
        _ => throw new ArgumentException($"GGUF metadata has no type for {value.GetType()}", nameof(value)),
    };

    private static GgufValueType ElementTypeOf(Array array) => array switch
    {
        // The runtime lets sbyte[] pass for byte[] and so on, hence the exact comparison of types.
        _ when array.GetType() == typeof(byte[]) => GgufValueType.UInt8,
        _ when array.GetType() == typeof(sbyte[]) => GgufValueType.Int8,
        _ when array.GetType() == typeof(ushort[]) => GgufValueType.UInt16,
        _ when array.GetType() == typeof(short[]) => GgufValueType.Int16,
        _ when array.GetType() == typeof(uint[]) => GgufValueType.UInt32,
        _ when array.GetType() == typeof(int[]) => GgufValueType.Int32,
        float[] => GgufValueType.Float32,
        bool[] => GgufValueType.Boolean,
        string[] => GgufValueType.String,
        _ when array.GetType() == typeof(ulong[]) => GgufValueType.UInt64,
        _ when array.GetType() == typeof(long[]) => GgufValueType.Int64,
        double[] => GgufValueType.Float64,
        object[] => GgufValueType.Array,
        _ => throw new ArgumentException($"GGUF metadata has no type for {array.GetType()}", nameof(array)),
    };

    private static void WriteValue(IBufferWriter<byte> output, GgufValueType type, object value)
    {
        Span<byte> span = output.GetSpan(sizeof(ulong));
        switch (value)
        {
            case Array array:
                WriteArray(output, array);
                return;
            case string text:
                WriteText(output, text);
                return;
            case byte number:
                span[0] = number;
                break;
            case sbyte number:
                span[0] = (byte)number;
                break;
            case bool truth:
                span[0] = truth ? (byte)1 : (byte)0;
                break;
            case ushort number:
                BinaryPrimitives.WriteUInt16LittleEndian(span, number);
                break;
            case short number:
                BinaryPrimitives.WriteInt16LittleEndian(span, number);
                break;
            case uint number:
                BinaryPrimitives.WriteUInt32LittleEndian(span, number);
                break;
            case int number:
                BinaryPrimitives.WriteInt32LittleEndian(span, number);
                break;
            case ulong number:
                BinaryPrimitives.WriteUInt64LittleEndian(span, number);
                break;
            case long number:
                BinaryPrimitives.WriteInt64LittleEndian(span, number);
                break;
            case float number:
                BinaryPrimitives.WriteSingleLittleEndian(span, number);
                break;
            case double number:
                BinaryPrimitives.WriteDoubleLittleEndian(span, number);
                break;
        }

        output.Advance((int)GgufValue.SizeOf(type));
    }

    private static void WriteArray(IBufferWriter<byte> output, Array array)
    {
        GgufValueType elementType = ElementTypeOf(array);
        WriteUInt32(output, (uint)elementType);
        WriteUInt64(output, (ulong)array.Length);
        foreach (object? element in array)
        {
            if (element is null || TypeOf(element) != elementType)
                throw new ArgumentException($"an array of {elementType} holds {element ?? "null"}", nameof(array));
            WriteValue(output, elementType, element);
        }
    }
}
