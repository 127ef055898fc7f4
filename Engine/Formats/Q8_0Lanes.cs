using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Formats;

/// <summary>Lanes of Q8_0: d, then signed bytes.</summary>
internal readonly unsafe struct Q8_0Lanes : IBlockLanes
{
    public static WeightType Type => WeightType.Q8_0;

    public static int BlockBytes => 34;

    public static bool Signed => true;

    public static int Offset => 0;

    public static int Largest => 128;

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
        TWords.Load(block + 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPair<TWords, TB, TI, TF>(byte* first, byte* second, out TB low, out TB high)
        where TWords : struct, ILaneWords<TB, TI, TF>
        where TB : struct
        where TI : struct
        where TF : struct
    {
        low = TWords.LoadHalves(first + 2, second + 2);
        high = TWords.LoadHalves(first + 18, second + 18);
    }
}
