using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Formats.Packed;

/// <summary>Packed Q4_0: column c holds elements 4c in low and 16 + 4c in high nibbles.</summary>
internal readonly unsafe struct PackedQ4_0 : IPackedLanes
{
    public static WeightType Type => WeightType.Q4_0;

    public static int BlockElements => 32;

    public static int BlockBytes => 18;

    public static int QuantBytes => 16;

    public static int Steps => 1;

    public static int Quads => 2;

    public static int Offset => 8;

    public static int Largest => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Element(int step, int n) => 16 * n;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<TWords, TW, TA, TI, TF>(
        byte* quants, int column, out TW q0, out TW q1, out TW q2, out TW q3)
        where TWords : struct, IPackedWords<TW, TA, TI, TF>
        where TW : struct
        where TA : struct
        where TI : struct
        where TF : struct
    {
        TW both = TWords.Load(quants + 64 * column);
        q0 = TWords.Bits(both, 0, 15);
        q1 = TWords.Bits(both, 4, 15);
        q2 = q3 = default;
    }
}
