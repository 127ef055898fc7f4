using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Engine.Isa;

/// <summary>Packed weights of 4 rows in a NEON vector.</summary>
internal readonly unsafe struct PackedNeon<TDot, TA>
    : IPackedWords<Vector128<sbyte>, TA, Vector128<int>, Vector128<float>>
    where TDot : struct, INeonTileDot<TA>
    where TA : struct
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Load(byte* source) => Vector128.Load((sbyte*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<sbyte> value, byte* target) => value.Store((sbyte*)target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Bits(Vector128<sbyte> value, int shift, byte mask)
    {
        Vector128<byte> lanes = value.AsByte();
        if (shift > 0) lanes >>>= shift;
        if (shift < 0) lanes <<= -shift;
        return (lanes & Vector128.Create(mask)).AsSByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Or(Vector128<sbyte> left, Vector128<sbyte> right) => left | right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Lowered(Vector128<sbyte> value, int offset) =>
        offset == 0 ? value : value - Vector128.Create((byte)offset).AsSByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Lookup(Vector128<sbyte> value, ulong first, ulong second) =>
        AdvSimd.Arm64.VectorTableLookup(Vector128.Create(first, second).AsByte(), value.AsByte()).AsSByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Scales(byte* scales, int row, bool signed)
    {
        Vector64<byte> rows = Vector64.CreateScalar(*(uint*)(scales + row)).AsByte();
        return signed
            ? AdvSimd.SignExtendWideningLower(AdvSimd.SignExtendWideningLower(rows.AsSByte()).GetLower())
            : AdvSimd.ZeroExtendWideningLower(AdvSimd.ZeroExtendWideningLower(rows).GetLower()).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Scale(short scale) => Vector128.Create((int)scale);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> FinishScaled(Vector128<int> total, TA sum, Vector128<int> scales) =>
        AdvSimd.MultiplyAdd(total, TDot.Rows(sum), scales);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Shifted(Vector128<int> value, int bits) => value << bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Minimums(byte* first, byte* second, int row)
    {
        Vector64<byte> even = Vector64.CreateScalar(*(uint*)(first + row)).AsByte();
        Vector64<byte> odd = Vector64.CreateScalar(*(uint*)(second + row)).AsByte();
        return AdvSimd.ZeroExtendWideningLower(AdvSimd.Arm64.ZipLow(even, odd)).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> AddPairs(Vector128<int> total, Vector128<int> pairs, int* sums)
    {
        Vector128<short> minimums = pairs.AsInt16(), both = Vector128.Create(*sums).AsInt16();
        Vector128<int> low = AdvSimd.MultiplyWideningLower(minimums.GetLower(), both.GetLower());
        Vector128<int> high = AdvSimd.MultiplyWideningUpper(minimums, both);
        return total + AdvSimd.Arm64.AddPairwise(low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<int> value, int* target) => value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Halves(byte* source)
    {
        // Scales of super-blocks are often subnormal, which some processors multiply slowly: those are converted as
        // integers.
        Vector128<int> bits = AdvSimd.SignExtendWideningLower(Vector64.CreateScalar(*(ulong*)source).AsInt16()) << 13;
        Vector128<int> magnitude = bits & Vector128.Create(0x0FFFE000);
        Vector128<float> small = Vector128.ConvertToSingle(magnitude) * Vector128.Create(0x2D000000).AsSingle();
        Vector128<float> normal = (magnitude + Vector128.Create(0x38000000)).AsSingle();
        Vector128<float> value = Vector128.ConditionalSelect(
            Vector128.LessThan(magnitude, Vector128.Create(0x00800000)).AsSingle(), small, normal);
        return value | (bits & Vector128.Create(int.MinValue)).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Exponents(byte* source)
    {
        // 2^−128 and 2^−127 are subnormal: their single bit lies in the fraction.
        Vector128<int> e = Scales(source, 0, signed: false);
        Vector128<int> small = Vector128.Create(0x00200000) + (e << 21);
        return Vector128.ConditionalSelect(
            Vector128.LessThan(e, Vector128.Create(2)), small, (e - Vector128<int>.One) << 23).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* address)
    {
        // .NET has no prefetch for Arm; its processors' own prefetchers follow four streams.
    }
}
