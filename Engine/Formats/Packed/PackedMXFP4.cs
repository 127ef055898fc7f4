using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Formats.Packed;

/// <summary>Packed MXFP4: indices as Q4_0, then the exponents.</summary>
internal readonly unsafe struct PackedMXFP4 : IPackedLanes
{
    public static WeightType Type => WeightType.MXFP4;

    public static int BlockElements => 32;

    public static int BlockBytes => 17;

    public static int QuantBytes => 16;

    public static int Steps => 1;

    public static int Quads => 2;

    public static int Offset => 12;

    public static int Largest => 12;

    public static bool HasExponents => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Element(int step, int n) => 16 * n;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TW Value<TWords, TW, TA, TI, TF>(TW q)
        where TWords : struct, IPackedWords<TW, TA, TI, TF>
        where TW : struct
        where TA : struct
        where TI : struct
        where TF : struct =>
        TWords.Lookup(q, PackedCodebook.MXFP4First, PackedCodebook.MXFP4Second);

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
