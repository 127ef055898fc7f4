using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Formats;

/// <summary>Lanes of Q4_0: d, then 16 bytes whose low nibbles are elements 0–15.</summary>
internal readonly unsafe struct Q4_0Lanes : IBlockLanes
{
    public static WeightType Type => WeightType.Q4_0;

    public static int BlockBytes => 18;

    public static bool Signed => false;

    public static int Offset => 8;

    public static int Largest => 8;

    public static bool HasMinimum => false;

    public static float* ScaleTable => ScaleTables.Half;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ScaleIndex(byte* block) => *(ushort*)block;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int MinimumIndex(byte* block) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TB Load<TWords, TB, TI, TF>(byte* block)
        where TWords : struct, ILaneWords<TB, TI, TF>
        where TB : struct
        where TI : struct
        where TF : struct =>
        TWords.LoadNibbles(block + 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPair<TWords, TB, TI, TF>(byte* first, byte* second, out TB low, out TB high)
        where TWords : struct, ILaneWords<TB, TI, TF>
        where TB : struct
        where TI : struct
        where TF : struct
    {
        TB nibbles = TWords.LoadHalves(first + 2, second + 2);
        low = TWords.Bits(nibbles, 0, 15);
        high = TWords.Bits(nibbles, 4, 15);
    }
}
