using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Engine.Isa;

namespace Engine.Formats;

/// <summary>Lanes of Q5_K: as Q4_K with 32 bytes of fifth bits before them: bit p for elements 32p … 32p + 31.
/// </summary>
internal readonly unsafe struct Q5_KLanes : ISuperBlockLanes
{
    public static WeightType Type => WeightType.Q5_K;

    public static int BlockBytes => 176;

    public static int GroupElements => 32;

    public static bool Signed => false;

    public static int Offset => 0;

    public static int Largest => 31;

    public static bool HasMinimum => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ScaleIndex(byte* block) => *(ushort*)block;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int MinimumIndex(byte* block) => *(ushort*)(block + 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(byte* block, out Vector128<short> low, out Vector128<short> high) =>
        PackedScaleLanes.Scales(block + 4, out low, out high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Minimums(byte* block, out Vector128<short> low, out Vector128<short> high) =>
        PackedScaleLanes.Minimums(block + 4, out low, out high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TB Load<TWords, TB, TI, TF>(byte* block, int part)
        where TWords : struct, ILaneWords<TB, TI, TF>
        where TB : struct
        where TI : struct
        where TF : struct
    {
        TB nibbles = TWords.Bits(TWords.Load(block + 48 + 32 * (part >> 1)), 4 * (part & 1), 15);
        return TWords.Or(nibbles, TWords.Bits(TWords.Load(block + 16), part - 4, 16));
    }
}
