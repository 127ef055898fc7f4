using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Engine.Isa;

namespace Engine.Formats;

/// <summary>Lanes of Q2_K: 16 scales in low and minimums in high nibbles, 64 bytes of bit pairs, d, dmin.</summary>
internal readonly unsafe struct Q2_KLanes : ISuperBlockLanes
{
    public static WeightType Type => WeightType.Q2_K;

    public static int BlockBytes => 84;

    public static int GroupElements => 16;

    public static bool Signed => false;

    public static int Offset => 0;

    public static int Largest => 3;

    public static bool HasMinimum => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ScaleIndex(byte* block) => *(ushort*)(block + 80);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int MinimumIndex(byte* block) => *(ushort*)(block + 82);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(byte* block, out Vector128<short> low, out Vector128<short> high) =>
        (low, high) = Vector128.Widen((Vector128.Load(block) & Vector128.Create((byte)15)).AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Minimums(byte* block, out Vector128<short> low, out Vector128<short> high) =>
        (low, high) = Vector128.Widen(Vector128.ShiftRightLogical(Vector128.Load(block), 4).AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TB Load<TWords, TB, TI, TF>(byte* block, int part)
        where TWords : struct, ILaneWords<TB, TI, TF>
        where TB : struct
        where TI : struct
        where TF : struct =>
        TWords.Bits(TWords.Load(block + 16 + 32 * (part >> 2)), 2 * (part & 3), 3);
}
