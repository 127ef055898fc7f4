using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Formats;

/// <summary>Lanes of Q5_0: d, the fifth bits of all elements, then nibbles as in Q4_0.</summary>
internal readonly unsafe struct Q5_0Lanes : IBlockLanes
{
    public static WeightType Type => WeightType.Q5_0;

    public static int BlockBytes => 22;

    public static bool Signed => false;

    public static int Offset => 16;

    public static int Largest => 16;

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
        TWords.Or(TWords.LoadNibbles(block + 6), TWords.SpreadBits(*(uint*)(block + 2), 16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPair<TWords, TB, TI, TF>(byte* first, byte* second, out TB low, out TB high)
        where TWords : struct, ILaneWords<TB, TI, TF>
        where TB : struct
        where TI : struct
        where TF : struct
    {
        TB nibbles = TWords.LoadHalves(first + 6, second + 6);
        uint one = *(uint*)(first + 2), two = *(uint*)(second + 2);
        low = TWords.Or(TWords.Bits(nibbles, 0, 15), TWords.SpreadBits((ushort)one | two << 16, 16));
        high = TWords.Or(TWords.Bits(nibbles, 4, 15), TWords.SpreadBits(one >> 16 | (two & 0xFFFF0000), 16));
    }
}
