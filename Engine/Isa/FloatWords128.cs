using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Engine.Isa;

/// <summary>128-bit vectors: NEON. Runs on x86 as well, where tests reach it.</summary>
internal readonly unsafe struct FloatWords128 : IFloatWords<Vector128<float>>
{
    public static int Count => 4;

    public static bool HasManyRegisters => AdvSimd.IsSupported;

    public static Vector128<float> Broadcast(float value) => Vector128.Create(value);

    public static Vector128<float> Load(float* source) => Vector128.Load(source);

    public static void Store(Vector128<float> value, float* destination) => value.Store(destination);

    public static Vector128<float> Add(Vector128<float> a, Vector128<float> b) => a + b;

    public static Vector128<float> Subtract(Vector128<float> a, Vector128<float> b) => a - b;

    public static Vector128<float> Multiply(Vector128<float> a, Vector128<float> b) => a * b;

    public static Vector128<float> Divide(Vector128<float> a, Vector128<float> b) => a / b;

    public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) =>
        Vector128.FusedMultiplyAdd(a, b, c);

    public static Vector128<float> Min(Vector128<float> a, Vector128<float> b) => Vector128.MinNative(a, b);

    public static Vector128<float> Max(Vector128<float> a, Vector128<float> b) => Vector128.MaxNative(a, b);

    public static Vector128<float> MaxNumber(Vector128<float> a, Vector128<float> b) =>
        AdvSimd.IsSupported ? AdvSimd.MaxNumber(a, b) : Vector128.MaxNative(a, b);

    public static Vector128<float> Round(Vector128<float> a) => Vector128.Round(a);

    public static Vector128<float> ScaleByPowerOfTwo(Vector128<float> value, Vector128<float> n) =>
        AddInt(value, ShiftLeft(ToInt(n), 23));

    public static Vector128<float> SelectLess(Vector128<float> a, Vector128<float> b, Vector128<float> x,
        Vector128<float> y) => Vector128.ConditionalSelect(Vector128.LessThan(a, b), x, y);

    public static bool AnyEqual(Vector128<float> a, Vector128<float> b) => Vector128.EqualsAny(a, b);

    public static float Sum(Vector128<float> a) => Vector128.Sum(a);

    public static void StoreSums(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d,
        float* destination) => AddPairs(AddPairs(a, b), AddPairs(c, d)).Store(destination);

    public static float MaxAcross(Vector128<float> a)
    {
        Vector128<float> pair = Vector128.MaxNative(a, Vector128.Shuffle(a, Vector128.Create(2, 3, 0, 1)));
        return FloatWordsScalar.Max(pair.ToScalar(), pair.GetElement(1));
    }

    public static Vector128<float> And(Vector128<float> a, Vector128<float> b) => a & b;

    public static Vector128<float> Or(Vector128<float> a, Vector128<float> b) => a | b;

    public static Vector128<float> BroadcastInt(int value) => Vector128.Create(value).AsSingle();

    public static Vector128<float> LoadInt(int* source) => Vector128.Load(source).AsSingle();

    public static Vector128<float> AddInt(Vector128<float> a, Vector128<float> b) =>
        (a.AsInt32() + b.AsInt32()).AsSingle();

    public static Vector128<float> MaxInt(Vector128<float> a, Vector128<float> b) =>
        Vector128.Max(a.AsInt32(), b.AsInt32()).AsSingle();

    public static Vector128<float> SelectLessInt(Vector128<float> a, Vector128<float> b, Vector128<float> x,
        Vector128<float> y) =>
        Vector128.ConditionalSelect(Vector128.LessThan(a.AsInt32(), b.AsInt32()).AsSingle(), x, y);

    public static Vector128<float> ShiftLeft(Vector128<float> a, int bits) => (a.AsInt32() << bits).AsSingle();

    public static Vector128<float> ShiftRight(Vector128<float> a, int bits) => (a.AsInt32() >>> bits).AsSingle();

    public static Vector128<float> ToInt(Vector128<float> a) => Vector128.ConvertToInt32Native(a).AsSingle();

    public static Vector128<float> FromInt(Vector128<float> a) => Vector128.ConvertToSingle(a.AsInt32());

    public static int MaxIntAcross(Vector128<float> a)
    {
        Vector128<int> half = Vector128.Max(a.AsInt32(), Vector128.Shuffle(a.AsInt32(), Vector128.Create(2, 3, 0, 1)));
        return Math.Max(half.ToScalar(), half.GetElement(1));
    }

    public static int SumInt(Vector128<float> a) => Vector128.Sum(a.AsInt32());

    public static Vector128<float> LoadInt16(ushort* source) =>
        Vector128.WidenLower(Vector64.Load((short*)source).ToVector128Unsafe()).AsSingle();

    public static void StoreUInt16(Vector128<float> value, ushort* destination) =>
        Vector128.Narrow(value.AsUInt32(), value.AsUInt32()).GetLower().Store(destination);

    public static Vector128<float> LoadInt8(sbyte* source) =>
        Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(int*)source).AsSByte())).AsSingle();

    public static void StoreInt8(Vector128<float> value, sbyte* destination) =>
        *(int*)destination = NarrowToBytes(value.AsInt32());

    public static Vector128<float> Even(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.Shuffle(a, b, 0b10_00_10_00) : AdvSimd.Arm64.UnzipEven(a, b);

    public static Vector128<float> Odd(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.Shuffle(a, b, 0b11_01_11_01) : AdvSimd.Arm64.UnzipOdd(a, b);

    public static Vector128<float> ZipLow(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

    public static Vector128<float> ZipHigh(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransposeColumns(float* source, nint sourceStride, float* destination, nint destinationStride)
    {
        Vector128<float> a = Load(source), b = Load(source + sourceStride);
        Vector128<float> c = Load(source + (2 * sourceStride)), d = Load(source + (3 * sourceStride));
        Vector128<float> ac = ZipLow(a, c), bd = ZipLow(b, d), ac2 = ZipHigh(a, c), bd2 = ZipHigh(b, d);
        ZipLow(ac, bd).Store(destination);
        ZipHigh(ac, bd).Store(destination + destinationStride);
        ZipLow(ac2, bd2).Store(destination + (2 * destinationStride));
        ZipHigh(ac2, bd2).Store(destination + (3 * destinationStride));
    }

    /// <remarks>.NET has no prefetch for Arm; its processors' own prefetchers follow four streams.</remarks>
    public static void Prefetch(byte* address)
    {
        if (Sse.IsSupported) Sse.Prefetch1(address);
    }

    private static Vector128<float> AddPairs(Vector128<float> a, Vector128<float> b) =>
        Sse3.IsSupported ? Sse3.HorizontalAdd(a, b) : AdvSimd.Arm64.AddPairwise(a, b);

    private static int NarrowToBytes(Vector128<int> value)
    {
        Vector128<short> words = Vector128.Narrow(value, value);
        return Vector128.Narrow(words, words).AsInt32().ToScalar();
    }
}
