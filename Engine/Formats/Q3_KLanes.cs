using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Engine.Isa;

namespace Engine.Formats;

/// <summary>Lanes of Q3_K: 32 bytes of third bits, 64 bytes of bit pairs, 16 packed scales of 6 bits, d.</summary>
internal readonly unsafe struct Q3_KLanes : ISuperBlockLanes
{
    public static WeightType Type => WeightType.Q3_K;

    public static int BlockBytes => 110;

    public static int GroupElements => 16;

    public static bool Signed => false;

    public static int Offset => 4;

    public static int Largest => 4;

    public static bool HasMinimum => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ScaleIndex(byte* block) => *(ushort*)(block + 108);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int MinimumIndex(byte* block) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(byte* block, out Vector128<short> low, out Vector128<short> high)
    {
        // Low nibbles of 8 bytes are scales 0–7, their high nibbles 8–15; the last 4 bytes hold the bits above.
        ulong nibbles = *(ulong*)(block + 96);
        uint above = *(uint*)(block + 104);
        ulong first = (nibbles & 0x0F0F0F0F0F0F0F0F) | Spread(above);
        ulong second = ((nibbles >> 4) & 0x0F0F0F0F0F0F0F0F) | Spread(above >> 4);
        Vector128<sbyte> scales = Vector128.Create(first, second).AsSByte() - Vector128.Create((sbyte)32);
        (low, high) = Vector128.Widen(scales);
    }

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
        TB pairs = TWords.Bits(TWords.Load(block + 32 + 32 * (part >> 2)), 2 * (part & 3), 3);
        return TWords.Or(pairs, TWords.Bits(TWords.Load(block), part - 2, 4));
    }

    /// <summary>Bits 0–1 of each byte to bits 4–5 of bytes 0–3, bits 2–3 to bits 4–5 of bytes 4–7.</summary>
    private static ulong Spread(uint bits) =>
        (bits & 0x03030303ul) << 4 | ((bits >> 2) & 0x03030303ul) << 36;
}
