using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Formats.Packed;

/// <summary>Packed Q6_K: nibbles of 64 elements in two columns eight apart, then bit pairs as Q2_K.</summary>
internal readonly unsafe struct PackedQ6_K : IPackedLanes
{
    public static WeightType Type => WeightType.Q6_K;

    public static int BlockElements => 256;

    public static int BlockBytes => 210;

    public static int QuantBytes => 192;

    public static int IntegerBytes => 16;

    public static int Steps => 4;

    public static int Quads => 4;

    public static int Offset => 32;

    public static int Largest => 32;

    public static int ScaleElements => 16;

    public static bool SignedScales => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Element(int step, int n) => 128 * (step >> 1) + 32 * n + 16 * (step & 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Integers(byte* packed, byte* integers) => PackedIntegers.Bytes(packed, integers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<TWords, TW, TA, TI, TF>(
        byte* quants, int step, int column, out TW q0, out TW q1, out TW q2, out TW q3)
        where TWords : struct, IPackedWords<TW, TA, TI, TF>
        where TW : struct
        where TA : struct
        where TI : struct
        where TF : struct
    {
        byte* nibbles = quants + 1024 * (step >> 1) + 256 * (step & 1) + 64 * column;
        TW first = TWords.Load(nibbles), second = TWords.Load(nibbles + 512);
        TW above = TWords.Load(quants + 2048 + 256 * step + 64 * column);
        q0 = TWords.Or(TWords.Bits(first, 0, 15), TWords.Bits(above, -4, 48));
        q1 = TWords.Or(TWords.Bits(second, 0, 15), TWords.Bits(above, -2, 48));
        q2 = TWords.Or(TWords.Bits(first, 4, 15), TWords.Bits(above, 0, 48));
        q3 = TWords.Or(TWords.Bits(second, 4, 15), TWords.Bits(above, 2, 48));
    }
}
