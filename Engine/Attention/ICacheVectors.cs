using System.Runtime.CompilerServices;
using Engine.Cache;
using Engine.Isa;
using Engine.Kernels;

namespace Engine.Attention;

/// <summary>Reads the rows of one type of cache straight into vectors.</summary>
/// <remarks>A vector is in units of <see cref="Unit"/>, a power of two that scores and weights are multiplied with
/// instead: that saves a product per vector and changes no bit.</remarks>
internal unsafe interface ICacheVectors<V> where V : unmanaged
{
    static abstract float Unit { get; }

    /// <summary>Bytes of 32 elements.</summary>
    static abstract int BlockBytes { get; }

    /// <summary>What <see cref="Load"/> needs to know of a block.</summary>
    static abstract V Scale(byte* block);

    /// <summary>Elements of a block from <paramref name="element"/> on.</summary>
    static abstract V Load(byte* block, int element, V scale);
}

/// <summary>f32 rows.</summary>
internal readonly unsafe struct SingleVectors<W, V> : ICacheVectors<V>
    where W : struct, IFloatWords<V>
    where V : unmanaged
{
    public static float Unit => 1;

    public static int BlockBytes => CacheRows.BlockElements * sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Scale(byte* block) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load(byte* block, int element, V scale) => W.Load((float*)block + element);
}

/// <summary>binary16 rows. What overflowed binary16 is read as ±65,536, which harms less than an infinity.</summary>
internal readonly unsafe struct HalfVectors<W, V> : ICacheVectors<V>
    where W : struct, IFloatWords<V>
    where V : unmanaged
{
    public static float Unit => FloatMath<W, V>.ScaledHalfUnit;

    public static int BlockBytes => CacheRows.BlockElements * sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Scale(byte* block) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load(byte* block, int element, V scale) =>
        FloatMath<W, V>.LoadScaledHalf((ushort*)block + element);
}

/// <summary>Q8_0 rows.</summary>
internal readonly unsafe struct ByteVectors<W, V> : ICacheVectors<V>
    where W : struct, IFloatWords<V>
    where V : unmanaged
{
    public static float Unit => FloatMath<W, V>.ScaledHalfUnit;

    public static int BlockBytes => CacheRows.Q8BlockBytes;

    /// <remarks>A scale has no sign, so its bits need only be shifted.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Scale(byte* block) => W.BroadcastInt(*(ushort*)block << 13);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load(byte* block, int element, V scale) =>
        W.Multiply(scale, FloatMath<W, V>.LoadInt8((sbyte*)block + sizeof(ushort) + element));
}

/// <summary>A number that the compiler sees.</summary>
internal interface INumber
{
    static abstract int Value { get; }
}

internal readonly struct One : INumber
{
    public static int Value => 1;
}

internal readonly struct Two : INumber
{
    public static int Value => 2;
}

internal readonly struct Three : INumber
{
    public static int Value => 3;
}

internal readonly struct Four : INumber
{
    public static int Value => 4;
}
