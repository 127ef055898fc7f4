using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Formats;

/// <summary>Lanes of Q4_1: d, m, then nibbles as in Q4_0.</summary>
internal readonly unsafe struct Q4_1Lanes : IBlockLanes
{
    public static WeightType Type => WeightType.Q4_1;

    public static int BlockBytes => 20;

    public static bool Signed => false;

    public static int Offset => 0;

    public static int Largest => 15;

    public static bool HasMinimum => true;

    public static float* ScaleTable => ScaleTables.Half;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ScaleIndex(byte* block) => *(ushort*)block;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int MinimumIndex(byte* block) => *(ushort*)(block + 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TB Load<TWords, TB, TI, TF>(byte* block)
        where TWords : struct, ILaneWords<TB, TI, TF>
        where TB : struct
        where TI : struct
        where TF : struct =>
        TWords.LoadNibbles(block + 4);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPair<TWords, TB, TI, TF>(byte* first, byte* second, out TB low, out TB high)
        where TWords : struct, ILaneWords<TB, TI, TF>
        where TB : struct
        where TI : struct
        where TF : struct
    {
        TB nibbles = TWords.LoadHalves(first + 4, second + 4);
        low = TWords.Bits(nibbles, 0, 15);
        high = TWords.Bits(nibbles, 4, 15);
    }
}
