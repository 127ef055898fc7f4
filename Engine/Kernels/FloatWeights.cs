using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>A weight type without blocks, as vectors of f32.</summary>
internal unsafe interface IFloatWeight
{
    static abstract int Bytes { get; }

    static abstract V Load<W, V>(byte* source)
        where W : struct, IFloatWords<V>
        where V : unmanaged;
}

internal readonly unsafe struct SingleWeight : IFloatWeight
{
    public static int Bytes => sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load<W, V>(byte* source)
        where W : struct, IFloatWords<V>
        where V : unmanaged => W.Load((float*)source);
}

/// <summary>binary16. Finite weights are exact; infinities and NaN, which no model that works has, come out as ±65,536
/// and more, because telling them apart would cost as much as all the rest of widening.</summary>
internal readonly unsafe struct HalfWeight : IFloatWeight
{
    public static int Bytes => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load<W, V>(byte* source)
        where W : struct, IFloatWords<V>
        where V : unmanaged => FloatMath<W, V>.LoadFiniteHalf((ushort*)source);
}

internal readonly unsafe struct BFloat16Weight : IFloatWeight
{
    public static int Bytes => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load<W, V>(byte* source)
        where W : struct, IFloatWords<V>
        where V : unmanaged => FloatMath<W, V>.LoadBFloat16((ushort*)source);
}
