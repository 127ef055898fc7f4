using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Isa;

/// <summary>What all tiles of 256-bit vectors have in common, whatever multiplies their bytes: integers and floats.
/// </summary>
internal unsafe interface ITileWords256<TW, TA>
    : ITileWords<TW, TA, Vector256<int>, Vector256<float>>
    where TW : struct
    where TA : struct
{
    static int ITileWords<TW, TA, Vector256<int>, Vector256<float>>.Rows => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> ITileWords<TW, TA, Vector256<int>, Vector256<float>>.Add(
        Vector256<int> left, Vector256<int> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> ITileWords<TW, TA, Vector256<int>, Vector256<float>>.AddPairs(
        Vector256<int> total, byte* pairs, int* sums) =>
        total + Avx2.MultiplyAddAdjacent(Vector256.Load((short*)pairs), Vector256.Create(*sums).AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> ITileWords<TW, TA, Vector256<int>, Vector256<float>>.ToFloat(Vector256<int> value) =>
        Vector256.ConvertToSingle(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> ITileWords<TW, TA, Vector256<int>, Vector256<float>>.Broadcast(float* source) =>
        Vector256.Create(*source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> ITileWords<TW, TA, Vector256<int>, Vector256<float>>.LoadFloats(float* source) =>
        Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void ITileWords<TW, TA, Vector256<int>, Vector256<float>>.Store(Vector256<float> value, float* target) =>
        value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> ITileWords<TW, TA, Vector256<int>, Vector256<float>>.Multiply(
        Vector256<float> left, Vector256<float> right) => left * right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> ITileWords<TW, TA, Vector256<int>, Vector256<float>>.MultiplyAdd(
        Vector256<float> left, Vector256<float> right, Vector256<float> sum) => Fma.MultiplyAdd(left, right, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void ITileWords<TW, TA, Vector256<int>, Vector256<float>>.Prefetch(void* address) => Sse.Prefetch0(address);
}
