using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Isa;

/// <summary>256-bit vectors: AVX2 and FMA.</summary>
internal readonly unsafe struct FloatWords256 : IFloatWords<Vector256<float>>
{
    public static int Count => 8;

    public static bool HasManyRegisters => false;

    public static Vector256<float> Broadcast(float value) => Vector256.Create(value);

    public static Vector256<float> Load(float* source) => Vector256.Load(source);

    public static void Store(Vector256<float> value, float* destination) => value.Store(destination);

    public static Vector256<float> Add(Vector256<float> a, Vector256<float> b) => a + b;

    public static Vector256<float> Subtract(Vector256<float> a, Vector256<float> b) => a - b;

    public static Vector256<float> Multiply(Vector256<float> a, Vector256<float> b) => a * b;

    public static Vector256<float> Divide(Vector256<float> a, Vector256<float> b) => a / b;

    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) =>
        Vector256.FusedMultiplyAdd(a, b, c);

    public static Vector256<float> Min(Vector256<float> a, Vector256<float> b) => Vector256.MinNative(a, b);

    public static Vector256<float> Max(Vector256<float> a, Vector256<float> b) => Vector256.MaxNative(a, b);

    public static Vector256<float> MaxNumber(Vector256<float> a, Vector256<float> b) =>
        Vector256.MaxNative(a, b);

    public static Vector256<float> Round(Vector256<float> a) => Vector256.Round(a);

    public static Vector256<float> ScaleByPowerOfTwo(Vector256<float> value, Vector256<float> n) =>
        AddInt(value, ShiftLeft(ToInt(n), 23));

    public static Vector256<float> SelectLess(Vector256<float> a, Vector256<float> b, Vector256<float> x,
        Vector256<float> y) => Vector256.ConditionalSelect(Vector256.LessThan(a, b), x, y);

    public static bool AnyEqual(Vector256<float> a, Vector256<float> b) => Vector256.EqualsAny(a, b);

    public static float Sum(Vector256<float> a) => Vector256.Sum(a);

    public static void StoreSums(Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d,
        float* destination)
    {
        Vector256<float> sums = Avx.HorizontalAdd(Avx.HorizontalAdd(a, b), Avx.HorizontalAdd(c, d));
        (sums.GetLower() + sums.GetUpper()).Store(destination);
    }

    public static float MaxAcross(Vector256<float> a) =>
        FloatWords128.MaxAcross(Vector128.MaxNative(a.GetLower(), a.GetUpper()));

    public static Vector256<float> And(Vector256<float> a, Vector256<float> b) => a & b;

    public static Vector256<float> Or(Vector256<float> a, Vector256<float> b) => a | b;

    public static Vector256<float> BroadcastInt(int value) => Vector256.Create(value).AsSingle();

    public static Vector256<float> LoadInt(int* source) => Vector256.Load(source).AsSingle();

    public static Vector256<float> AddInt(Vector256<float> a, Vector256<float> b) =>
        (a.AsInt32() + b.AsInt32()).AsSingle();

    public static Vector256<float> MaxInt(Vector256<float> a, Vector256<float> b) =>
        Vector256.Max(a.AsInt32(), b.AsInt32()).AsSingle();

    public static Vector256<float> SelectLessInt(Vector256<float> a, Vector256<float> b, Vector256<float> x,
        Vector256<float> y) =>
        Vector256.ConditionalSelect(Vector256.LessThan(a.AsInt32(), b.AsInt32()).AsSingle(), x, y);

    public static Vector256<float> ShiftLeft(Vector256<float> a, int bits) => (a.AsInt32() << bits).AsSingle();

    public static Vector256<float> ShiftRight(Vector256<float> a, int bits) => (a.AsInt32() >>> bits).AsSingle();

    public static Vector256<float> ToInt(Vector256<float> a) => Vector256.ConvertToInt32Native(a).AsSingle();

    public static Vector256<float> FromInt(Vector256<float> a) => Vector256.ConvertToSingle(a.AsInt32());

    public static int MaxIntAcross(Vector256<float> a)
    {
        Vector128<int> half = Vector128.Max(a.AsInt32().GetLower(), a.AsInt32().GetUpper());
        half = Vector128.Max(half, Vector128.Shuffle(half, Vector128.Create(2, 3, 0, 1)));
        return Math.Max(half.ToScalar(), half.GetElement(1));
    }

    public static int SumInt(Vector256<float> a) => Vector256.Sum(a.AsInt32());

    public static Vector256<float> LoadInt16(ushort* source) =>
        Avx2.ConvertToVector256Int32(Vector128.Load((short*)source)).AsSingle();

    public static void StoreUInt16(Vector256<float> value, ushort* destination) =>
        Vector128.Narrow(value.AsUInt32().GetLower(), value.AsUInt32().GetUpper()).Store(destination);

    public static Vector256<float> LoadInt8(sbyte* source) =>
        Avx2.ConvertToVector256Int32(source).AsSingle();

    public static void StoreInt8(Vector256<float> value, sbyte* destination) =>
        *(long*)destination = NarrowToBytes(value.AsInt32());

    public static Vector256<float> Even(Vector256<float> a, Vector256<float> b) =>
        Avx2.Permute4x64(Avx.Shuffle(a, b, 0b10_00_10_00).AsDouble(), 0b11_01_10_00).AsSingle();

    public static Vector256<float> Odd(Vector256<float> a, Vector256<float> b) =>
        Avx2.Permute4x64(Avx.Shuffle(a, b, 0b11_01_11_01).AsDouble(), 0b11_01_10_00).AsSingle();

    public static Vector256<float> ZipLow(Vector256<float> a, Vector256<float> b) =>
        Avx.Permute2x128(Avx.UnpackLow(a, b), Avx.UnpackHigh(a, b), 0x20);

    public static Vector256<float> ZipHigh(Vector256<float> a, Vector256<float> b) =>
        Avx.Permute2x128(Avx.UnpackLow(a, b), Avx.UnpackHigh(a, b), 0x31);

    /// <remarks>Row i shares a register with row i + 4, so that the four-by-four transposition stays within 128-bit
    /// lanes.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransposeColumns(float* source, nint sourceStride, float* destination, nint destinationStride)
    {
        Vector256<float> a = LoadRows(source, sourceStride), b = LoadRows(source + sourceStride, sourceStride);
        Vector256<float> c = LoadRows(source + (2 * sourceStride), sourceStride);
        Vector256<float> d = LoadRows(source + (3 * sourceStride), sourceStride);
        Vector256<float> ac = Avx.UnpackLow(a, c), bd = Avx.UnpackLow(b, d);
        Vector256<float> ac2 = Avx.UnpackHigh(a, c), bd2 = Avx.UnpackHigh(b, d);
        Avx.UnpackLow(ac, bd).Store(destination);
        Avx.UnpackHigh(ac, bd).Store(destination + destinationStride);
        Avx.UnpackLow(ac2, bd2).Store(destination + (2 * destinationStride));
        Avx.UnpackHigh(ac2, bd2).Store(destination + (3 * destinationStride));
    }

    public static void Prefetch(byte* address) => Sse.Prefetch1(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> LoadRows(float* source, nint stride) =>
        Vector256.Create(Vector128.Load(source), Vector128.Load(source + (4 * stride)));

    private static long NarrowToBytes(Vector256<int> value)
    {
        Vector128<short> words = Vector128.Narrow(value.GetLower(), value.GetUpper());
        return Vector128.Narrow(words, words).AsInt64().ToScalar();
    }
}
