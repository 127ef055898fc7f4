using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Formats.Packed;

/// <summary>Packed Q5_K: nibbles as Q4_K, after each step a column of fifth bits, 2c + n for quad n of column c.
/// </summary>
internal readonly unsafe struct PackedQ5_K : IPackedLanes
{
    public static WeightType Type => WeightType.Q5_K;

    public static int BlockElements => 256;

    public static int BlockBytes => 176;

    public static int QuantBytes => 160;

    public static int IntegerBytes => 12;

    public static int Steps => 8;

    public static int Quads => 2;

    public static int StepBytes => 320;

    public static int Offset => 0;

    public static int Largest => 31;

    public static bool HasMinimum => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Element(int step, int n) => 64 * (step >> 1) + 32 * n + 16 * (step & 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Integers(byte* packed, byte* integers) => PackedIntegers.SixBits(packed, integers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<TWords, TW, TA, TI, TF>(
        byte* quants, int column, out TW q0, out TW q1, out TW q2, out TW q3)
        where TWords : struct, IPackedWords<TW, TA, TI, TF>
        where TW : struct
        where TA : struct
        where TI : struct
        where TF : struct
    {
        TW both = TWords.Load(quants + 64 * column), fifth = TWords.Load(quants + 256);
        q0 = TWords.Or(TWords.Bits(both, 0, 15), TWords.Bits(fifth, 2 * column - 4, 16));
        q1 = TWords.Or(TWords.Bits(both, 4, 15), TWords.Bits(fifth, 2 * column - 3, 16));
        q2 = q3 = default;
    }
}
