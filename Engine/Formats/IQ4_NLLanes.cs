using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Formats;

/// <summary>Lanes of IQ4_NL: as Q4_0, but nibbles are indices of a codebook.</summary>
internal readonly unsafe struct IQ4_NLLanes : IBlockLanes
{
    public static WeightType Type => WeightType.IQ4_NL;

    public static int BlockBytes => 18;

    public static bool Signed => true;

    public static int Offset => 0;

    public static int Largest => 127;

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
        TWords.Lookup(TWords.LoadNibbles(block + 2), NonlinearCodebook.Signed);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPair<TWords, TB, TI, TF>(byte* first, byte* second, out TB low, out TB high)
        where TWords : struct, ILaneWords<TB, TI, TF>
        where TB : struct
        where TI : struct
        where TF : struct
    {
        TB nibbles = TWords.LoadHalves(first + 2, second + 2);
        low = TWords.Lookup(TWords.Bits(nibbles, 0, 15), NonlinearCodebook.Signed);
        high = TWords.Lookup(TWords.Bits(nibbles, 4, 15), NonlinearCodebook.Signed);
    }
}
