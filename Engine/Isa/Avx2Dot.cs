using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Isa;

/// <summary>int8 products by <c>vpmaddubsw</c>, which saturates at 16 bits: operands keep every pair below that.
/// </summary>
internal readonly struct Avx2Dot : IX86Dot
{
    public static int SignedBias => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot(Vector256<int> sum, Vector256<byte> q, Vector256<sbyte> a) =>
        AddPairs(sum, Avx2.MultiplyAddAdjacent(q, a), Vector256.Create((short)1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<int> DotPair(Vector256<byte> low, Vector256<byte> high, sbyte* a)
    {
        // Four products of at most 31 · 127 stay below 2^15.
        Vector256<short> products = Avx2.MultiplyAddAdjacent(low, Vector256.Load(a))
            + Avx2.MultiplyAddAdjacent(high, Vector256.Load(a + 32));
        return Avx2.MultiplyAddAdjacent(products, Vector256.Create((short)1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotSigned(Vector256<int> sum, Vector256<sbyte> w, Vector256<sbyte> a) =>
        Dot(sum, Avx2.Abs(w), Avx2.Sign(a, w)); // 2 · 128 · 127 < 2^15

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddPairs(Vector256<int> sum, Vector256<short> left, Vector256<short> right) =>
        sum + Avx2.MultiplyAddAdjacent(left, right);
}
