using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Isa;

/// <summary>What all tiles of 512-bit vectors have in common, whatever multiplies their bytes: integers and floats.
/// </summary>
internal unsafe interface ITileWords512<TW, TA>
    : ITileWords<TW, TA, Vector512<int>, Vector512<float>>
    where TW : struct
    where TA : struct
{
    static int ITileWords<TW, TA, Vector512<int>, Vector512<float>>.Rows => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<int> ITileWords<TW, TA, Vector512<int>, Vector512<float>>.Add(
        Vector512<int> left, Vector512<int> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<int> ITileWords<TW, TA, Vector512<int>, Vector512<float>>.AddPairs(
        Vector512<int> total, byte* pairs, int* sums) =>
        total + Avx512BW.MultiplyAddAdjacent(Vector512.Load((short*)pairs), Vector512.Create(*sums).AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> ITileWords<TW, TA, Vector512<int>, Vector512<float>>.ToFloat(Vector512<int> value) =>
        Vector512.ConvertToSingle(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> ITileWords<TW, TA, Vector512<int>, Vector512<float>>.Broadcast(float* source) =>
        Vector512.Create(*source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> ITileWords<TW, TA, Vector512<int>, Vector512<float>>.LoadFloats(float* source) =>
        Vector512.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void ITileWords<TW, TA, Vector512<int>, Vector512<float>>.Store(Vector512<float> value, float* target) =>
        value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> ITileWords<TW, TA, Vector512<int>, Vector512<float>>.Multiply(
        Vector512<float> left, Vector512<float> right) => left * right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> ITileWords<TW, TA, Vector512<int>, Vector512<float>>.MultiplyAdd(
        Vector512<float> left, Vector512<float> right, Vector512<float> sum) =>
        Avx512F.FusedMultiplyAdd(left, right, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void ITileWords<TW, TA, Vector512<int>, Vector512<float>>.Prefetch(void* address) => Sse.Prefetch0(address);
}
