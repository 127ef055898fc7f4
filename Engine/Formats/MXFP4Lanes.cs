using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Engine.Isa;

namespace Engine.Formats;

/// <summary>Lanes of MXFP4: an E8M0 scale, then E2M1 nibbles, doubled to be whole and raised by 12.</summary>
internal readonly unsafe struct MXFP4Lanes : IBlockLanes
{
    public static WeightType Type => WeightType.MXFP4;

    public static int BlockBytes => 17;

    public static bool Signed => false;

    public static int Offset => 12;

    public static int Largest => 12;

    public static bool HasMinimum => false;

    public static float* ScaleTable => ScaleTables.HalvedE8M0;

    /// <summary>2·{0, .5, 1, 1.5, 2, 3, 4, 6} + 12, then the same negated.</summary>
    private static Vector128<byte> DoubledPlus12
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector128.Create((byte)12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ScaleIndex(byte* block) => block[0];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int MinimumIndex(byte* block) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TB Load<TWords, TB, TI, TF>(byte* block)
        where TWords : struct, ILaneWords<TB, TI, TF>
        where TB : struct
        where TI : struct
        where TF : struct =>
        TWords.Lookup(TWords.LoadNibbles(block + 1), DoubledPlus12);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPair<TWords, TB, TI, TF>(byte* first, byte* second, out TB low, out TB high)
        where TWords : struct, ILaneWords<TB, TI, TF>
        where TB : struct
        where TI : struct
        where TF : struct
    {
        TB nibbles = TWords.LoadHalves(first + 1, second + 1);
        low = TWords.Lookup(TWords.Bits(nibbles, 0, 15), DoubledPlus12);
        high = TWords.Lookup(TWords.Bits(nibbles, 4, 15), DoubledPlus12);
    }
}
