using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Formats.Packed;

/// <summary>Packed Q3_K: pairs as Q2_K, after every two columns one of their third bits.</summary>
internal readonly unsafe struct PackedQ3_K : IPackedLanes
{
    public static WeightType Type => WeightType.Q3_K;

    public static int BlockElements => 256;

    public static int BlockBytes => 110;

    public static int QuantBytes => 96;

    public static int IntegerBytes => 12;

    public static int Steps => 4;

    public static int Quads => 4;

    public static int StepBytes => 384;

    public static int PairBytes => 192;

    public static int Offset => 4;

    public static int Largest => 4;

    public static int ScaleElements => 16;

    public static bool SignedScales => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Element(int step, int n) => 128 * (step >> 1) + 32 * n + 16 * (step & 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Integers(byte* packed, byte* integers) => PackedIntegers.Q3_K(packed, integers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<TWords, TW, TA, TI, TF>(
        byte* quants, int column, out TW q0, out TW q1, out TW q2, out TW q3)
        where TWords : struct, IPackedWords<TW, TA, TI, TF>
        where TW : struct
        where TA : struct
        where TI : struct
        where TF : struct
    {
        TW pairs = TWords.Load(quants + 64 * column), third = TWords.Load(quants + 128);
        int shift = 4 * column - 2;
        q0 = TWords.Or(TWords.Bits(pairs, 0, 3), TWords.Bits(third, shift, 4));
        q1 = TWords.Or(TWords.Bits(pairs, 2, 3), TWords.Bits(third, shift + 1, 4));
        q2 = TWords.Or(TWords.Bits(pairs, 4, 3), TWords.Bits(third, shift + 2, 4));
        q3 = TWords.Or(TWords.Bits(pairs, 6, 3), TWords.Bits(third, shift + 3, 4));
    }
}
