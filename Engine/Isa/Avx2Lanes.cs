using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Isa;

/// <summary>256-bit words for matrix-vector loops; AVX-512 processors use them too, because these loops wait for
/// memory.</summary>
internal readonly unsafe struct Avx2Lanes<TDot> : ILaneWords<Vector256<byte>, Vector256<int>, Vector256<float>>
    where TDot : struct, IX86Dot
{
    /// <summary>Shuffles that repeat two neighbouring shorts of eight over a half each.</summary>
    private static ReadOnlySpan<byte> ScalePatterns =>
    [
        0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3,
        4, 5, 4, 5, 4, 5, 4, 5, 4, 5, 4, 5, 4, 5, 4, 5, 6, 7, 6, 7, 6, 7, 6, 7, 6, 7, 6, 7, 6, 7, 6, 7,
        8, 9, 8, 9, 8, 9, 8, 9, 8, 9, 8, 9, 8, 9, 8, 9, 10, 11, 10, 11, 10, 11, 10, 11, 10, 11, 10, 11, 10, 11, 10, 11,
        12, 13, 12, 13, 12, 13, 12, 13, 12, 13, 12, 13, 12, 13, 12, 13,
        14, 15, 14, 15, 14, 15, 14, 15, 14, 15, 14, 15, 14, 15, 14, 15,
    ];

    public static int SignedBias => TDot.SignedBias;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Load(byte* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<byte> lanes, byte* target) => lanes.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreWords(Vector256<byte> lanes, byte* first, byte* second)
    {
        Avx2.ConvertToVector256Int16(lanes.GetLower().AsSByte()).Store((short*)first);
        Avx2.ConvertToVector256Int16(lanes.GetUpper().AsSByte()).Store((short*)second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> LoadHalves(byte* first, byte* second) =>
        Vector256.Create(Vector128.Load(first), Vector128.Load(second));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Subtract(Vector256<byte> lanes, byte value) => lanes - Vector256.Create(value);

    public static int InterleavedRows => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Interleave(byte* rows, byte* target, nint lineBytes) =>
        Avx2Transpose.Quads((uint*)rows, target, lineBytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> LoadNibbles(byte* source)
    {
        Vector128<byte> both = Vector128.Load(source);
        Vector128<byte> high = Sse2.ShiftRightLogical(both.AsUInt16(), 4).AsByte();
        return Vector256.Create(both, high) & Vector256.Create((byte)15);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Bits(Vector256<byte> lanes, int shift, byte mask)
    {
        Vector256<ushort> wide = lanes.AsUInt16();
        if (shift > 0) wide >>>= shift;
        if (shift < 0) wide <<= -shift;
        return wide.AsByte() & Vector256.Create(mask);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Or(Vector256<byte> left, Vector256<byte> right) => left | right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> SpreadBits(uint bits, byte value)
    {
        // Byte i/8 of the word to lane i, then keep lane i's own bit: all ones where it was set.
        Vector256<byte> bytes = Avx2.Shuffle(Vector256.Create(bits).AsByte(), Vector256.Create(
            0x0000000000000000ul, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303).AsByte());
        Vector256<byte> own = Vector256.Create(0x8040201008040201ul).AsByte();
        return Vector256.Equals(bytes & own, own) & Vector256.Create(value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Lookup(Vector256<byte> lanes, Vector128<byte> table) =>
        Avx2.Shuffle(Vector256.Create(table, table), lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot(Vector256<int> sum, Vector256<byte> q, Vector256<byte> a) =>
        TDot.Dot(sum, q, a.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotSigned(Vector256<int> sum, Vector256<byte> w, Vector256<byte> a) =>
        TDot.DotSigned(sum, w.AsSByte(), a.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotScaled(
        Vector256<int> sum, Vector256<byte> q, Vector256<byte> a, Vector128<short> scales, int pair) =>
        TDot.AddPairs(sum, Avx2.MultiplyAddAdjacent(q, a.AsSByte()), Spread(scales, pair));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotScaledSigned(
        Vector256<int> sum, Vector256<byte> w, Vector256<byte> a, Vector128<short> scales, int pair)
    {
        // |w| ≤ 128 and |a| ≤ 127, so two products fit 16 bits.
        Vector256<short> products =
            Avx2.MultiplyAddAdjacent(Avx2.Abs(w.AsSByte()), Avx2.Sign(a.AsSByte(), w.AsSByte()));
        return TDot.AddPairs(sum, products, Spread(scales, pair));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotSums(short* sums, Vector128<short> low, Vector128<short> high) =>
        Avx2.MultiplyAddAdjacent(Vector256.Load(sums), Vector256.Create(low, high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Start(Vector256<byte> a, byte offset) =>
        Vector256<int>.Zero - TDot.Dot(Vector256<int>.Zero, Vector256.Create(offset), a.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> AddPair(Vector256<float> sum, Vector256<byte> low, Vector256<byte> high, byte* pair,
        float* d0, float* d1, bool corrects) =>
        AddScaled(sum, TDot.DotPair(low, high, (sbyte*)pair), pair, d0, d1, corrects);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> AddSignedPair(Vector256<float> sum, Vector256<byte> low, Vector256<byte> high,
        byte* pair, float* d0, float* d1)
    {
        Vector256<sbyte> a = Vector256.Load((sbyte*)pair), b = Vector256.Load((sbyte*)pair + 32);
        Vector256<int> dot = TDot.DotSigned(Vector256<int>.Zero, low.AsSByte(), a);
        return AddScaled(sum, TDot.DotSigned(dot, high.AsSByte(), b), pair, d0, d1, SignedBias != 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> AddMinimums(Vector256<float> sum, byte* pair, float* m0, float* m1) =>
        Fma.MultiplyAdd(Join(m0, m1), Vector256.Load((float*)(pair + 96)), sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> AddScaled(
        Vector256<float> sum, Vector256<int> dot, byte* pair, float* d0, float* d1, bool corrects)
    {
        Vector256<float> x = Vector256.ConvertToSingle(dot), s = Vector256.Load((float*)(pair + 64));
        x = corrects ? Fma.MultiplyAdd(x, s, Vector256.Load((float*)(pair + 96))) : x * s;
        return Fma.MultiplyAdd(x, Join(d0, d1), sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Join(float* first, float* second) =>
        Vector256.Create(Vector128.Create(*first), Vector128.Create(*second));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyInt(Vector256<int> value, int factor) => value * factor;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ToFloat(Vector256<int> value) => Vector256.ConvertToSingle(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Broadcast(float* source) => Vector256.Create(*source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<float> left, Vector256<float> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(Vector256<float> left, Vector256<float> right) => left * right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(
        Vector256<float> left, Vector256<float> right, Vector256<float> sum) =>
        Fma.MultiplyAdd(left, right, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Total(Vector256<float> value)
    {
        Vector128<float> half = value.GetLower() + value.GetUpper();
        half += Sse.MoveHighToLow(half, half);
        return half.GetElement(0) + half.GetElement(1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* address) => Sse.Prefetch1(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Spread(Vector128<short> scales, int pair) =>
        Avx2.Shuffle(
            Vector256.Create(scales, scales).AsByte(),
            Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(ScalePatterns), (nuint)(32 * pair))).AsInt16();
}
