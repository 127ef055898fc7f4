using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Isa;

/// <summary>How sums of 256-bit vectors of packed weights take their scales.</summary>
internal unsafe interface IPacked256Sums<TA>
    where TA : struct
{
    /// <inheritdoc cref="IPackedWords{TW,TA,TI,TF}.Scales"/>
    static abstract Vector256<int> Scales(byte* scales, int row, bool signed);

    /// <inheritdoc cref="IPackedWords{TW,TA,TI,TF}.Scale"/>
    static abstract Vector256<int> Scale(short scale);

    /// <inheritdoc cref="IPackedWords{TW,TA,TI,TF}.FinishScaled"/>
    static abstract Vector256<int> FinishScaled(Vector256<int> total, TA sum, Vector256<int> scales);
}

/// <summary>Packed weights of 8 rows in a 256-bit vector.</summary>
internal readonly unsafe struct Packed256<TSums, TA>
    : IPackedWords<Vector256<byte>, TA, Vector256<int>, Vector256<float>>
    where TSums : struct, IPacked256Sums<TA>
    where TA : struct
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Load(byte* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<byte> value, byte* target) => value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreWords(Vector256<byte> value, byte* first, byte* second)
    {
        Vector128<byte> low = Vector128.Create(0x8005800480018000ul, 0x800D800C80098008).AsByte();
        Vector128<byte> high = Vector128.Create(0x8007800680038002ul, 0x800F800E800B800A).AsByte();
        Vector256<short> raised = Vector256.Create((short)128);
        (Avx2.Shuffle(value, Vector256.Create(low, low)).AsInt16() - raised).Store((short*)first);
        (Avx2.Shuffle(value, Vector256.Create(high, high)).AsInt16() - raised).Store((short*)second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Bits(Vector256<byte> value, int shift, byte mask)
    {
        Vector256<ushort> wide = value.AsUInt16();
        if (shift > 0) wide >>>= shift;
        if (shift < 0) wide <<= -shift;
        return wide.AsByte() & Vector256.Create(mask);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Or(Vector256<byte> left, Vector256<byte> right) => left | right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Lowered(Vector256<byte> value, int offset) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Lookup(Vector256<byte> value, ulong first, ulong second) =>
        Avx2.Shuffle(Vector256.Create(first, second, first, second).AsByte(), value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Scales(byte* scales, int row, bool signed) => TSums.Scales(scales, row, signed);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Scale(short scale) => TSums.Scale(scale);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> FinishScaled(Vector256<int> total, TA sum, Vector256<int> scales) =>
        TSums.FinishScaled(total, sum, scales);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Shifted(Vector256<int> value, int bits) => value << bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Minimums(byte* first, byte* second, int row)
    {
        Vector128<byte> even = Sse2.LoadScalarVector128((long*)(first + row)).AsByte();
        Vector128<byte> odd = Sse2.LoadScalarVector128((long*)(second + row)).AsByte();
        return Avx2.ConvertToVector256Int16(Sse2.UnpackLow(even, odd)).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddPairs(Vector256<int> total, Vector256<int> pairs, int* sums) =>
        total + Avx2.MultiplyAddAdjacent(pairs.AsInt16(), Vector256.Create(*sums).AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<int> value, int* target) => value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Halves(byte* source)
    {
        // Scales of super-blocks are often subnormal, which some processors multiply slowly: those are converted as
        // integers.
        Vector256<int> bits = Avx2.ConvertToVector256Int32(Vector128.Load((short*)source)) << 13;
        Vector256<int> magnitude = bits & Vector256.Create(0x0FFFE000);
        Vector256<float> small = Vector256.ConvertToSingle(magnitude) * Vector256.Create(0x2D000000).AsSingle();
        Vector256<float> normal = (magnitude + Vector256.Create(0x38000000)).AsSingle();
        Vector256<float> value = Vector256.ConditionalSelect(
            Vector256.LessThan(magnitude, Vector256.Create(0x00800000)).AsSingle(), small, normal);
        return value | (bits & Vector256.Create(int.MinValue)).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Exponents(byte* source)
    {
        // 2^−128 and 2^−127 are subnormal: their single bit lies in the fraction.
        Vector256<int> e = Avx2.ConvertToVector256Int32(Sse2.LoadScalarVector128((long*)source).AsByte());
        Vector256<int> small = Vector256.Create(0x00200000) + (e << 21);
        return Vector256.ConditionalSelect(
            Vector256.LessThan(e, Vector256.Create(2)), small, (e - Vector256<int>.One) << 23).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* address) => Sse.Prefetch1(address);
}

/// <summary>Sums of 16 bits: a scale stands in both shorts of its row.</summary>
internal readonly unsafe struct NarrowSums256 : IPacked256Sums<Vector256<short>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Scales(byte* scales, int row, bool signed)
    {
        Vector128<byte> rows = Sse2.LoadScalarVector128((long*)(scales + row)).AsByte();
        Vector256<byte> spread = Vector256.Create(rows, rows);
        if (!signed)
        {
            return Avx2.Shuffle(spread, Vector256.Create(
                0x8001800180008000ul, 0x8003800380028002, 0x8005800580048004, 0x8007800780068006).AsByte()).AsInt32();
        }

        spread = Avx2.Shuffle(spread, Vector256.Create(
            0x0180018000800080ul, 0x0380038002800280, 0x0580058004800480, 0x0780078006800680).AsByte());
        return (spread.AsInt16() >> 8).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Scale(short scale) => Vector256.Create(scale).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> FinishScaled(Vector256<int> total, Vector256<short> sum, Vector256<int> scales) =>
        total + Avx2.MultiplyAddAdjacent(sum, scales.AsInt16());
}

/// <summary>Sums of 32 bits.</summary>
internal readonly unsafe struct WideSums256 : IPacked256Sums<Vector256<int>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Scales(byte* scales, int row, bool signed)
    {
        Vector128<byte> rows = Sse2.LoadScalarVector128((long*)(scales + row)).AsByte();
        return signed ? Avx2.ConvertToVector256Int32(rows.AsSByte()) : Avx2.ConvertToVector256Int32(rows);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Scale(short scale) => Vector256.Create((int)scale);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> FinishScaled(Vector256<int> total, Vector256<int> sum, Vector256<int> scales) =>
        total + sum * scales;
}
