using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Formats.Packed;

/// <summary>Packed Q6_K: steps as Q2_K; for each column nibbles of quads 0 and 2, of 1 and 3, and the bit pairs above.
/// </summary>
internal readonly unsafe struct PackedQ6_K : IPackedLanes
{
    public static WeightType Type => WeightType.Q6_K;

    public static int BlockElements => 256;

    public static int BlockBytes => 210;

    public static int QuantBytes => 192;

    public static int IntegerBytes => 16;

    public static int Steps => 4;

    public static int Quads => 4;

    public static int StepBytes => 768;

    public static int PairBytes => 384;

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
        byte* quants, int column, out TW q0, out TW q1, out TW q2, out TW q3)
        where TWords : struct, IPackedWords<TW, TA, TI, TF>
        where TW : struct
        where TA : struct
        where TI : struct
        where TF : struct
    {
        quants += 192 * column;
        TW first = TWords.Load(quants), second = TWords.Load(quants + 64), above = TWords.Load(quants + 128);
        q0 = TWords.Or(TWords.Bits(first, 0, 15), TWords.Bits(above, -4, 48));
        q1 = TWords.Or(TWords.Bits(second, 0, 15), TWords.Bits(above, -2, 48));
        q2 = TWords.Or(TWords.Bits(first, 4, 15), TWords.Bits(above, 0, 48));
        q3 = TWords.Or(TWords.Bits(second, 4, 15), TWords.Bits(above, 2, 48));
    }
}
