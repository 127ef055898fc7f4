using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Isa;

/// <summary>int8 products by <c>vpdpbusd</c>, int16 products by <c>vpdpwssd</c>.</summary>
internal readonly struct AvxVnniDot : IX86Dot
{
    public static int SignedBias => 128;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot(Vector256<int> sum, Vector256<byte> q, Vector256<sbyte> a) =>
        AvxVnni.MultiplyWideningAndAdd(sum, q, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<int> DotPair(Vector256<byte> low, Vector256<byte> high, sbyte* a) =>
        AvxVnni.MultiplyWideningAndAdd(AvxVnni.MultiplyWideningAndAdd(Vector256<int>.Zero, low, Vector256.Load(a)),
            high, Vector256.Load(a + 32));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotSigned(Vector256<int> sum, Vector256<sbyte> w, Vector256<sbyte> a) =>
        AvxVnni.MultiplyWideningAndAdd(sum, w.AsByte() ^ Vector256.Create((byte)0x80), a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddPairs(Vector256<int> sum, Vector256<short> left, Vector256<short> right) =>
        AvxVnni.MultiplyWideningAndAdd(sum, left, right);
}
