using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Formats;

/// <summary>The 16 values that nibbles of IQ4_NL and IQ4_XS stand for, as lanes.</summary>
internal static class NonlinearCodebook
{
    public static Vector128<byte> Signed
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector128.Create(
            (sbyte)-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113).AsByte();
    }
}
