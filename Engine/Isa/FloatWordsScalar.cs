using static System.BitConverter;

namespace Engine.Isa;

/// <summary>One float at a time: the oracle of the others, and what they use for the last few elements.</summary>
internal readonly unsafe struct FloatWordsScalar : IFloatWords<float>
{
    public static int Count => 1;

    public static bool HasManyRegisters => false;

    public static float Broadcast(float value) => value;

    public static float Load(float* source) => *source;

    public static void Store(float value, float* destination) => *destination = value;

    public static float Add(float a, float b) => a + b;

    public static float Subtract(float a, float b) => a - b;

    public static float Multiply(float a, float b) => a * b;

    public static float Divide(float a, float b) => a / b;

    public static float MultiplyAdd(float a, float b, float c) => (a * b) + c;

    public static float Min(float a, float b) => a < b ? a : b;

    public static float Max(float a, float b) => a > b ? a : b;

    public static float MaxNumber(float a, float b) => a > b ? a : b;

    public static float Round(float a) => MathF.Round(a);

    public static float ScaleByPowerOfTwo(float value, float n) => AddInt(value, ShiftLeft(ToInt(n), 23));

    public static float SelectLess(float a, float b, float x, float y) => a < b ? x : y;

    public static bool AnyEqual(float a, float b) => a == b;

    public static float Sum(float a) => a;

    public static void StoreSums(float a, float b, float c, float d, float* destination)
    {
        destination[0] = a;
        destination[1] = b;
        destination[2] = c;
        destination[3] = d;
    }

    public static float MaxAcross(float a) => a;

    public static float And(float a, float b) => Int32BitsToSingle(SingleToInt32Bits(a) & SingleToInt32Bits(b));

    public static float Or(float a, float b) => Int32BitsToSingle(SingleToInt32Bits(a) | SingleToInt32Bits(b));

    public static float BroadcastInt(int value) => Int32BitsToSingle(value);

    public static float LoadInt(int* source) => Int32BitsToSingle(*source);

    public static float AddInt(float a, float b) => Int32BitsToSingle(SingleToInt32Bits(a) + SingleToInt32Bits(b));

    public static float MaxInt(float a, float b) =>
        Int32BitsToSingle(Math.Max(SingleToInt32Bits(a), SingleToInt32Bits(b)));

    public static float SelectLessInt(float a, float b, float x, float y) =>
        Int32BitsToSingle(SingleToInt32Bits(a) < SingleToInt32Bits(b) ? SingleToInt32Bits(x) : SingleToInt32Bits(y));

    public static float ShiftLeft(float a, int bits) => Int32BitsToSingle(SingleToInt32Bits(a) << bits);

    public static float ShiftRight(float a, int bits) => Int32BitsToSingle(SingleToInt32Bits(a) >>> bits);

    public static float ToInt(float a) => Int32BitsToSingle((int)a);

    public static float FromInt(float a) => SingleToInt32Bits(a);

    public static int MaxIntAcross(float a) => SingleToInt32Bits(a);

    public static int SumInt(float a) => SingleToInt32Bits(a);

    /// <remarks>By bytes: .NET 10 compiles the bits of a widened 16-bit load to a four-byte load, which reads past the
    /// last element (found with a page without access behind it).</remarks>
    public static float LoadInt16(ushort* source) =>
        Int32BitsToSingle(((byte*)source)[0] | ((sbyte)((byte*)source)[1] << 8));

    public static void StoreUInt16(float value, ushort* destination) => *destination = (ushort)SingleToInt32Bits(value);

    /// <remarks>Through a conversion that may not be folded into the load, for the same reason.</remarks>
    public static float LoadInt8(sbyte* source) => Int32BitsToSingle((*(byte*)source ^ 0x80) - 0x80);

    public static void StoreInt8(float value, sbyte* destination) => *destination = (sbyte)SingleToInt32Bits(value);

    public static float Even(float a, float b) => a;

    public static float Odd(float a, float b) => b;

    public static float ZipLow(float a, float b) => a;

    public static float ZipHigh(float a, float b) => b;

    public static void TransposeColumns(float* source, nint sourceStride, float* destination, nint destinationStride)
    {
        for (int column = 0; column < 4; column++) destination[column * destinationStride] = source[column];
    }

    public static void Prefetch(byte* address)
    {
        // The oracle has no need of speed.
    }
}
