using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Formats;

/// <summary>The 12 bytes of Q4_K and Q5_K that hold 8 scales and 8 minimums of 6 bits.</summary>
/// <remarks>Bytes 0–3 and 4–7: scales and minimums 0–3 in six bits, with the upper two bits of those of 4–7 above;
/// bytes 8–11: low nibbles of scales 4–7, high nibbles of minimums 4–7.</remarks>
internal static unsafe class PackedScaleLanes
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(byte* packed, out Vector128<short> low, out Vector128<short> high)
    {
        uint first = *(uint*)packed, last = *(uint*)(packed + 8);
        uint upper = (last & 0x0F0F0F0F) | ((first >> 2) & 0x30303030);
        Twice((first & 0x3F3F3F3F) | (ulong)upper << 32, out low, out high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Minimums(byte* packed, out Vector128<short> low, out Vector128<short> high)
    {
        uint first = *(uint*)(packed + 4), last = *(uint*)(packed + 8);
        uint upper = ((last >> 4) & 0x0F0F0F0F) | ((first >> 2) & 0x30303030);
        Twice((first & 0x3F3F3F3F) | (ulong)upper << 32, out low, out high);
    }

    /// <summary>Each of 8 bytes below 128 as two equal shorts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Twice(ulong bytes, out Vector128<short> low, out Vector128<short> high)
    {
        Vector128<byte> single = Vector128.CreateScalarUnsafe(bytes).AsByte();
        Vector128<byte> order = Vector128.Create((byte)0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
        (low, high) = Vector128.Widen(Vector128.Shuffle(single, order).AsSByte());
    }
}
