using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Engine.Isa;

namespace Engine.Formats;

/// <summary>Lanes of Q6_K: 128 bytes of low nibbles, 64 bytes of bit pairs above them, 16 signed scales, d.</summary>
internal readonly unsafe struct Q6_KLanes : ISuperBlockLanes
{
    public static WeightType Type => WeightType.Q6_K;

    public static int BlockBytes => 210;

    public static int GroupElements => 16;

    public static bool Signed => false;

    public static int Offset => 32;

    public static int Largest => 32;

    public static bool HasMinimum => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ScaleIndex(byte* block) => *(ushort*)(block + 208);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int MinimumIndex(byte* block) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(byte* block, out Vector128<short> low, out Vector128<short> high) =>
        (low, high) = Vector128.Widen(Vector128.Load((sbyte*)block + 192));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Minimums(byte* block, out Vector128<short> low, out Vector128<short> high) =>
        low = high = Vector128<short>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TB Load<TWords, TB, TI, TF>(byte* block, int part)
        where TWords : struct, ILaneWords<TB, TI, TF>
        where TB : struct
        where TI : struct
        where TF : struct
    {
        // Each half of 128 elements: low nibbles of 64 bytes, then their high nibbles; bit pairs of 32 bytes in turn.
        int half = part >> 2, quarter = part & 3;
        TB low = TWords.Bits(TWords.Load(block + 64 * half + 32 * (quarter & 1)), 4 * (quarter >> 1), 15);
        return TWords.Or(low, TWords.Bits(TWords.Load(block + 128 + 32 * half), 2 * quarter - 4, 48));
    }
}
