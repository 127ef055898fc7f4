using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>x ← f(x); the loop is <see cref="VectorKernels{W,V}"/>'s.</summary>
internal interface IUnaryOperation
{
    static abstract V Apply<W, V>(V x, V parameter)
        where W : struct, IFloatWords<V>
        where V : unmanaged;
}

internal readonly struct ScaleOperation : IUnaryOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Apply<W, V>(V x, V parameter)
        where W : struct, IFloatWords<V>
        where V : unmanaged => W.Multiply(x, parameter);
}

internal readonly struct SoftCapOperation : IUnaryOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Apply<W, V>(V x, V parameter)
        where W : struct, IFloatWords<V>
        where V : unmanaged => W.Multiply(parameter, FloatMath<W, V>.Tanh(W.Divide(x, parameter)));
}

internal readonly struct SiluOperation : IUnaryOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Apply<W, V>(V x, V parameter)
        where W : struct, IFloatWords<V>
        where V : unmanaged => FloatMath<W, V>.Silu(x);
}

internal readonly struct GeluTanhOperation : IUnaryOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Apply<W, V>(V x, V parameter)
        where W : struct, IFloatWords<V>
        where V : unmanaged => FloatMath<W, V>.GeluTanh(x);
}

internal readonly struct GeluErfOperation : IUnaryOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Apply<W, V>(V x, V parameter)
        where W : struct, IFloatWords<V>
        where V : unmanaged => FloatMath<W, V>.GeluErf(x);
}

internal readonly struct ReluSquaredOperation : IUnaryOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Apply<W, V>(V x, V parameter)
        where W : struct, IFloatWords<V>
        where V : unmanaged
    {
        V positive = W.Max(W.Broadcast(0f), x);
        return W.Multiply(positive, positive);
    }
}
