using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Formats.Packed;

/// <summary>Packed Q2_K: step 2h + s reads 16 of every 32 elements of half h, quad n from bits 2n and 2n + 1.</summary>
internal readonly unsafe struct PackedQ2_K : IPackedLanes
{
    public static WeightType Type => WeightType.Q2_K;

    public static int BlockElements => 256;

    public static int BlockBytes => 84;

    public static int QuantBytes => 64;

    public static int IntegerBytes => 16;

    public static int Steps => 4;

    public static int Quads => 4;

    public static int Offset => 0;

    public static int Largest => 3;

    public static bool HasMinimum => true;

    public static int ScaleElements => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Element(int step, int n) => 128 * (step >> 1) + 32 * n + 16 * (step & 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Integers(byte* packed, byte* integers) => PackedIntegers.Nibbles(packed, integers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<TWords, TW, TA, TI, TF>(
        byte* quants, int column, out TW q0, out TW q1, out TW q2, out TW q3)
        where TWords : struct, IPackedWords<TW, TA, TI, TF>
        where TW : struct
        where TA : struct
        where TI : struct
        where TF : struct
    {
        TW all = TWords.Load(quants + 64 * column);
        q0 = TWords.Bits(all, 0, 3);
        q1 = TWords.Bits(all, 2, 3);
        q2 = TWords.Bits(all, 4, 3);
        q3 = TWords.Bits(all, 6, 3);
    }
}
