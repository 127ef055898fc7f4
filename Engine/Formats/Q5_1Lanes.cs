using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Formats;

/// <summary>Lanes of Q5_1: d, m, the fifth bits of all elements, then nibbles as in Q4_0.</summary>
internal readonly unsafe struct Q5_1Lanes : IBlockLanes
{
    public static WeightType Type => WeightType.Q5_1;

    public static int BlockBytes => 24;

    public static bool Signed => false;

    public static int Offset => 0;

    public static int Largest => 31;

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
        TWords.Or(TWords.LoadNibbles(block + 8), TWords.SpreadBits(*(uint*)(block + 4), 16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPair<TWords, TB, TI, TF>(byte* first, byte* second, out TB low, out TB high)
        where TWords : struct, ILaneWords<TB, TI, TF>
        where TB : struct
        where TI : struct
        where TF : struct
    {
        TB nibbles = TWords.LoadHalves(first + 8, second + 8);
        uint one = *(uint*)(first + 4), two = *(uint*)(second + 4);
        low = TWords.Or(TWords.Bits(nibbles, 0, 15), TWords.SpreadBits((ushort)one | two << 16, 16));
        high = TWords.Or(TWords.Bits(nibbles, 4, 15), TWords.SpreadBits(one >> 16 | (two & 0xFFFF0000), 16));
    }
}
