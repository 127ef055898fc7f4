using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Isa;

/// <summary>Packed weights of 16 rows in a 512-bit vector, for sums of 16 bits.</summary>
internal readonly unsafe struct Packed512
    : IPackedWords<Vector512<byte>, Vector512<short>, Vector512<int>, Vector512<float>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Load(byte* source) => Vector512.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<byte> value, byte* target) => value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreWords(Vector512<byte> value, byte* first, byte* second)
    {
        Vector512<byte> low = Vector512.Create(
            0x8005800480018000ul, 0x800D800C80098008, 0x8005800480018000, 0x800D800C80098008,
            0x8005800480018000, 0x800D800C80098008, 0x8005800480018000, 0x800D800C80098008).AsByte();
        Vector512<byte> high = Vector512.Create(
            0x8007800680038002ul, 0x800F800E800B800A, 0x8007800680038002, 0x800F800E800B800A,
            0x8007800680038002, 0x800F800E800B800A, 0x8007800680038002, 0x800F800E800B800A).AsByte();
        Vector512<short> raised = Vector512.Create((short)128);
        (Avx512BW.Shuffle(value, low).AsInt16() - raised).Store((short*)first);
        (Avx512BW.Shuffle(value, high).AsInt16() - raised).Store((short*)second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Bits(Vector512<byte> value, int shift, byte mask)
    {
        Vector512<ushort> wide = value.AsUInt16();
        if (shift > 0) wide >>>= shift;
        if (shift < 0) wide <<= -shift;
        return wide.AsByte() & Vector512.Create(mask);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Or(Vector512<byte> left, Vector512<byte> right) => left | right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Lowered(Vector512<byte> value, int offset) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Lookup(Vector512<byte> value, ulong first, ulong second) =>
        Avx512BW.Shuffle(
            Vector512.Create(first, second, first, second, first, second, first, second).AsByte(), value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Scales(byte* scales, int row, bool signed)
    {
        // Each 128 bits take four of the 16 bytes, each twice, to the low or the high byte of two shorts.
        Vector128<byte> all = Vector128.Load(scales);
        Vector256<byte> half = Vector256.Create(all, all);
        Vector512<byte> spread = Vector512.Create(half, half);
        if (!signed)
        {
            return Avx512BW.Shuffle(spread, Vector512.Create(
                0x8001800180008000ul, 0x8003800380028002, 0x8005800580048004, 0x8007800780068006,
                0x8009800980088008, 0x800B800B800A800A, 0x800D800D800C800C, 0x800F800F800E800E).AsByte()).AsInt32();
        }

        spread = Avx512BW.Shuffle(spread, Vector512.Create(
            0x0180018000800080ul, 0x0380038002800280, 0x0580058004800480, 0x0780078006800680,
            0x0980098008800880, 0x0B800B800A800A80, 0x0D800D800C800C80, 0x0F800F800E800E80).AsByte());
        return (spread.AsInt16() >> 8).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Scale(short scale) => Vector512.Create(scale).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> FinishScaled(Vector512<int> total, Vector512<short> sum, Vector512<int> scales) =>
        total + Avx512BW.MultiplyAddAdjacent(sum, scales.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Shifted(Vector512<int> value, int bits) => value << bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Minimums(byte* first, byte* second, int row)
    {
        Vector128<byte> even = Vector128.Load(first), odd = Vector128.Load(second);
        Vector256<byte> pairs = Vector256.Create(Sse2.UnpackLow(even, odd), Sse2.UnpackHigh(even, odd));
        return Avx512BW.ConvertToVector512Int16(pairs).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> AddPairs(Vector512<int> total, Vector512<int> pairs, int* sums) =>
        total + Avx512BW.MultiplyAddAdjacent(pairs.AsInt16(), Vector512.Create(*sums).AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<int> value, int* target) => value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Halves(byte* source)
    {
        // Scales of super-blocks are often subnormal, which some processors multiply slowly: those are converted as
        // integers.
        Vector512<int> bits = Avx512F.ConvertToVector512Int32(Vector256.Load((short*)source)) << 13;
        Vector512<int> magnitude = bits & Vector512.Create(0x0FFFE000);
        Vector512<float> small = Vector512.ConvertToSingle(magnitude) * Vector512.Create(0x2D000000).AsSingle();
        Vector512<float> normal = (magnitude + Vector512.Create(0x38000000)).AsSingle();
        Vector512<float> value = Vector512.ConditionalSelect(
            Vector512.LessThan(magnitude, Vector512.Create(0x00800000)).AsSingle(), small, normal);
        return value | (bits & Vector512.Create(int.MinValue)).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exponents(byte* source)
    {
        // 2^−128 and 2^−127 are subnormal: their single bit lies in the fraction.
        Vector512<int> e = Avx512F.ConvertToVector512Int32(Vector128.Load(source));
        Vector512<int> small = Vector512.Create(0x00200000) + (e << 21);
        return Vector512.ConditionalSelect(
            Vector512.LessThan(e, Vector512.Create(2)), small, (e - Vector512<int>.One) << 23).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* address) => Sse.Prefetch1(address);
}
