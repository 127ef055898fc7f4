using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Formats.Packed;

/// <summary>The 16 levels of IQ4_NL and IQ4_XS raised by 128, whole and in nibbles.</summary>
internal static class PackedCodebook
{
    public static Vector128<byte> Raised
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector128.Create((byte)1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241);
    }

    public static Vector128<byte> Low
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector128.Create((byte)1, 8, 13, 15, 15, 13, 10, 6, 1, 13, 9, 6, 5, 5, 9, 1);
    }

    public static Vector128<byte> High
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector128.Create((byte)0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 9, 10, 11, 12, 13, 15);
    }
}
