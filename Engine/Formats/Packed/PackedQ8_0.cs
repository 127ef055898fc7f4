using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Formats.Packed;

/// <summary>Packed Q8_0: bytes raised by 128.</summary>
internal readonly unsafe struct PackedQ8_0 : IPackedLanes
{
    public static WeightType Type => WeightType.Q8_0;

    public static int BlockElements => 32;

    public static int BlockBytes => 34;

    public static int QuantBytes => 32;

    public static int Steps => 1;

    public static int Quads => 2;

    public static bool EightBit => true;

    public static int Offset => 0;

    public static int Largest => 128;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Element(int step, int n) => 16 * n;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TW Low<TWords, TW, TA, TI, TF>(TW q)
        where TWords : struct, IPackedWords<TW, TA, TI, TF>
        where TW : struct
        where TA : struct
        where TI : struct
        where TF : struct =>
        TWords.Bits(q, 0, 15);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TW High<TWords, TW, TA, TI, TF>(TW q)
        where TWords : struct, IPackedWords<TW, TA, TI, TF>
        where TW : struct
        where TA : struct
        where TI : struct
        where TF : struct =>
        TWords.Bits(q, 4, 15);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<TWords, TW, TA, TI, TF>(
        byte* quants, int column, out TW q0, out TW q1, out TW q2, out TW q3)
        where TWords : struct, IPackedWords<TW, TA, TI, TF>
        where TW : struct
        where TA : struct
        where TI : struct
        where TF : struct
    {
        q0 = TWords.Load(quants + 64 * column);
        q1 = TWords.Load(quants + 64 * column + 256);
        q2 = q3 = default;
    }
}
