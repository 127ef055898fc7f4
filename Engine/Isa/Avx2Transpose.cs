using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Isa;

/// <summary>8 × 8 transposition of 32-bit elements.</summary>
internal static unsafe class Avx2Transpose
{
    /// <summary>Eight rows of eight elements, one after the other, to eight lines so many bytes apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Quads(uint* rows, byte* target, nint lineBytes)
    {
        // Rows a … d give, in each half, a0 b0 c0 d0 and so on; rows e … h the same; then halves are joined.
        Four(rows, out Vector256<ulong> a0, out Vector256<ulong> a1, out Vector256<ulong> a2, out Vector256<ulong> a3);
        Four(rows + 32, out Vector256<ulong> e0, out Vector256<ulong> e1, out Vector256<ulong> e2,
            out Vector256<ulong> e3);
        Avx2.Permute2x128(a0, e0, 0x20).Store((ulong*)target);
        Avx2.Permute2x128(a1, e1, 0x20).Store((ulong*)(target + lineBytes));
        Avx2.Permute2x128(a2, e2, 0x20).Store((ulong*)(target + 2 * lineBytes));
        Avx2.Permute2x128(a3, e3, 0x20).Store((ulong*)(target + 3 * lineBytes));
        target += 4 * lineBytes;
        Avx2.Permute2x128(a0, e0, 0x31).Store((ulong*)target);
        Avx2.Permute2x128(a1, e1, 0x31).Store((ulong*)(target + lineBytes));
        Avx2.Permute2x128(a2, e2, 0x31).Store((ulong*)(target + 2 * lineBytes));
        Avx2.Permute2x128(a3, e3, 0x31).Store((ulong*)(target + 3 * lineBytes));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four(uint* rows, out Vector256<ulong> first, out Vector256<ulong> second,
        out Vector256<ulong> third, out Vector256<ulong> fourth)
    {
        Vector256<uint> a = Vector256.Load(rows), b = Vector256.Load(rows + 8);
        Vector256<uint> c = Vector256.Load(rows + 16), d = Vector256.Load(rows + 24);
        Vector256<ulong> ab = Avx2.UnpackLow(a, b).AsUInt64(), cd = Avx2.UnpackLow(c, d).AsUInt64();
        first = Avx2.UnpackLow(ab, cd);
        second = Avx2.UnpackHigh(ab, cd);
        ab = Avx2.UnpackHigh(a, b).AsUInt64();
        cd = Avx2.UnpackHigh(c, d).AsUInt64();
        third = Avx2.UnpackLow(ab, cd);
        fourth = Avx2.UnpackHigh(ab, cd);
    }
}
