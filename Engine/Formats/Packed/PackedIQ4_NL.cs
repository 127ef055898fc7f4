using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Formats.Packed;

/// <summary>Packed IQ4_NL: indices as Q4_0.</summary>
internal readonly unsafe struct PackedIQ4_NL : IPackedLanes
{
    public static WeightType Type => WeightType.IQ4_NL;

    public static int BlockElements => 32;

    public static int BlockBytes => 18;

    public static int QuantBytes => 16;

    public static int Steps => 1;

    public static int Quads => 2;

    public static bool EightBit => true;

    public static int Offset => 0;

    public static int Largest => 127;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Element(int step, int n) => 16 * n;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TW Value<TWords, TW, TA, TI, TF>(TW q)
        where TWords : struct, IPackedWords<TW, TA, TI, TF>
        where TW : struct
        where TA : struct
        where TI : struct
        where TF : struct =>
        TWords.Lookup(q, PackedCodebook.Raised0, PackedCodebook.Raised1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TW Low<TWords, TW, TA, TI, TF>(TW q)
        where TWords : struct, IPackedWords<TW, TA, TI, TF>
        where TW : struct
        where TA : struct
        where TI : struct
        where TF : struct =>
        TWords.Lookup(q, PackedCodebook.Low0, PackedCodebook.Low1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TW High<TWords, TW, TA, TI, TF>(TW q)
        where TWords : struct, IPackedWords<TW, TA, TI, TF>
        where TW : struct
        where TA : struct
        where TI : struct
        where TF : struct =>
        TWords.Lookup(q, PackedCodebook.High0, PackedCodebook.High1);

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
