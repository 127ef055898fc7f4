using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Isa;

/// <summary>512-bit vectors: AVX-512 F.</summary>
internal readonly unsafe struct FloatWords512 : IFloatWords<Vector512<float>>
{
    public static int Count => 16;

    public static bool HasManyRegisters => true;

    public static Vector512<float> Broadcast(float value) => Vector512.Create(value);

    public static Vector512<float> Load(float* source) => Vector512.Load(source);

    public static void Store(Vector512<float> value, float* destination) => value.Store(destination);

    public static Vector512<float> Add(Vector512<float> a, Vector512<float> b) => a + b;

    public static Vector512<float> Subtract(Vector512<float> a, Vector512<float> b) => a - b;

    public static Vector512<float> Multiply(Vector512<float> a, Vector512<float> b) => a * b;

    public static Vector512<float> Divide(Vector512<float> a, Vector512<float> b) => a / b;

    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) =>
        Vector512.FusedMultiplyAdd(a, b, c);

    public static Vector512<float> Min(Vector512<float> a, Vector512<float> b) => Vector512.MinNative(a, b);

    public static Vector512<float> Max(Vector512<float> a, Vector512<float> b) => Vector512.MaxNative(a, b);

    public static Vector512<float> MaxNumber(Vector512<float> a, Vector512<float> b) =>
        Vector512.MaxNative(a, b);

    public static Vector512<float> Round(Vector512<float> a) => Avx512F.RoundScale(a, 0);

    public static Vector512<float> ScaleByPowerOfTwo(Vector512<float> value, Vector512<float> n) =>
        Avx512F.Scale(value, n);

    public static Vector512<float> SelectLess(Vector512<float> a, Vector512<float> b, Vector512<float> x,
        Vector512<float> y) => Vector512.ConditionalSelect(Vector512.LessThan(a, b), x, y);

    public static bool AnyEqual(Vector512<float> a, Vector512<float> b) => Vector512.EqualsAny(a, b);

    public static float Sum(Vector512<float> a) => Vector512.Sum(a);

    public static void StoreSums(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d,
        float* destination) => FloatWords256.StoreSums(a.GetLower() + a.GetUpper(), b.GetLower() + b.GetUpper(),
            c.GetLower() + c.GetUpper(), d.GetLower() + d.GetUpper(), destination);

    public static float MaxAcross(Vector512<float> a) =>
        FloatWords256.MaxAcross(Vector256.MaxNative(a.GetLower(), a.GetUpper()));

    public static Vector512<float> And(Vector512<float> a, Vector512<float> b) => a & b;

    public static Vector512<float> Or(Vector512<float> a, Vector512<float> b) => a | b;

    public static Vector512<float> BroadcastInt(int value) => Vector512.Create(value).AsSingle();

    public static Vector512<float> LoadInt(int* source) => Vector512.Load(source).AsSingle();

    public static Vector512<float> AddInt(Vector512<float> a, Vector512<float> b) =>
        (a.AsInt32() + b.AsInt32()).AsSingle();

    public static Vector512<float> MaxInt(Vector512<float> a, Vector512<float> b) =>
        Vector512.Max(a.AsInt32(), b.AsInt32()).AsSingle();

    public static Vector512<float> SelectLessInt(Vector512<float> a, Vector512<float> b, Vector512<float> x,
        Vector512<float> y) =>
        Vector512.ConditionalSelect(Vector512.LessThan(a.AsInt32(), b.AsInt32()).AsSingle(), x, y);

    public static Vector512<float> ShiftLeft(Vector512<float> a, int bits) => (a.AsInt32() << bits).AsSingle();

    public static Vector512<float> ShiftRight(Vector512<float> a, int bits) => (a.AsInt32() >>> bits).AsSingle();

    public static Vector512<float> ToInt(Vector512<float> a) => Vector512.ConvertToInt32Native(a).AsSingle();

    public static Vector512<float> FromInt(Vector512<float> a) => Vector512.ConvertToSingle(a.AsInt32());

    public static int MaxIntAcross(Vector512<float> a)
    {
        Vector256<int> quarter = Vector256.Max(a.AsInt32().GetLower(), a.AsInt32().GetUpper());
        return FloatWords256.MaxIntAcross(quarter.AsSingle());
    }

    public static int SumInt(Vector512<float> a) => Vector512.Sum(a.AsInt32());

    public static Vector512<float> LoadInt16(ushort* source) =>
        Avx512F.ConvertToVector512Int32(Vector256.Load((short*)source)).AsSingle();

    public static void StoreUInt16(Vector512<float> value, ushort* destination) =>
        Avx512F.ConvertToVector256UInt16(value.AsUInt32()).Store(destination);

    public static Vector512<float> LoadInt8(sbyte* source) =>
        Avx512F.ConvertToVector512Int32(Vector128.Load(source)).AsSingle();

    public static void StoreInt8(Vector512<float> value, sbyte* destination) =>
        Avx512F.ConvertToVector128SByte(value.AsInt32()).Store(destination);

    public static Vector512<float> Even(Vector512<float> a, Vector512<float> b) =>
        Avx512F.PermuteVar16x32x2(a, EvenOf(0), b);

    public static Vector512<float> Odd(Vector512<float> a, Vector512<float> b) =>
        Avx512F.PermuteVar16x32x2(a, EvenOf(1), b);

    public static Vector512<float> ZipLow(Vector512<float> a, Vector512<float> b) =>
        Avx512F.PermuteVar16x32x2(a, ZipOf(0), b);

    public static Vector512<float> ZipHigh(Vector512<float> a, Vector512<float> b) =>
        Avx512F.PermuteVar16x32x2(a, ZipOf(8), b);

    /// <remarks>Rows i, i + 4, i + 8 and i + 12 share a register, so that the four-by-four transposition stays within
    /// 128-bit lanes.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransposeColumns(float* source, nint sourceStride, float* destination, nint destinationStride)
    {
        Vector512<float> a = LoadRows(source, sourceStride), b = LoadRows(source + sourceStride, sourceStride);
        Vector512<float> c = LoadRows(source + (2 * sourceStride), sourceStride);
        Vector512<float> d = LoadRows(source + (3 * sourceStride), sourceStride);
        Vector512<float> ac = Avx512F.UnpackLow(a, c), bd = Avx512F.UnpackLow(b, d);
        Vector512<float> ac2 = Avx512F.UnpackHigh(a, c), bd2 = Avx512F.UnpackHigh(b, d);
        Avx512F.UnpackLow(ac, bd).Store(destination);
        Avx512F.UnpackHigh(ac, bd).Store(destination + destinationStride);
        Avx512F.UnpackLow(ac2, bd2).Store(destination + (2 * destinationStride));
        Avx512F.UnpackHigh(ac2, bd2).Store(destination + (3 * destinationStride));
    }

    public static void Prefetch(byte* address) => Sse.Prefetch1(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> LoadRows(float* source, nint stride)
    {
        Vector256<float> low = Vector256.Create(Vector128.Load(source), Vector128.Load(source + (4 * stride)));
        Vector256<float> high = Vector256.Create(Vector128.Load(source + (8 * stride)),
            Vector128.Load(source + (12 * stride)));
        return Vector512.Create(low, high);
    }

    private static Vector512<int> EvenOf(int first) =>
        Vector512.Create(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30) + Vector512.Create(first);

    private static Vector512<int> ZipOf(int first) =>
        Vector512.Create(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23) + Vector512.Create(first);
}
