using System.Runtime.CompilerServices;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>Elementary functions and conversions on vectors, written once for all instruction sets.</summary>
/// <remarks>Polynomials are minimax fits made for this project (Remez exchange in double, coefficients rounded to f32);
/// the fit's own error stands beside each and is far below one unit of f32 (6e-8). Tests hold the totals.</remarks>
internal static unsafe class FloatMath<W, V>
    where W : struct, IFloatWords<V>
    where V : unmanaged
{
    /// <summary>e^x within 2e-7 relative; below −87.33 exactly 0 (no subnormals), saturates above 88.72, NaN stays.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Exp(V x)
    {
        const float Lowest = -87.33654f, Highest = 88.722f;
        // x = n·ln 2 + r, |r| ≤ ln 2 / 2. The high part of ln 2 has 10 bits, so that n·high is exact without a fused
        // product.
        V bounded = W.Min(W.Broadcast(Highest), W.Max(W.Broadcast(Lowest), x));
        V n = W.Round(W.Multiply(bounded, W.Broadcast(1.442695f)));
        V r = W.MultiplyAdd(n, W.Broadcast(-0.6923828125f), bounded);
        r = W.MultiplyAdd(n, W.Broadcast(-0.0007643680437467992f), r);
        // (e^r − 1 − r) / r², fit error 3e-9.
        V p = W.Broadcast(0.001381461275741458f);
        p = W.MultiplyAdd(p, r, W.Broadcast(0.008368710055947304f));
        p = W.MultiplyAdd(p, r, W.Broadcast(0.04166838899254799f));
        p = W.MultiplyAdd(p, r, W.Broadcast(0.1666652113199234f));
        p = W.MultiplyAdd(p, r, W.Broadcast(0.4999999403953552f));
        p = W.MultiplyAdd(W.Multiply(p, r), r, r);
        p = W.Add(p, W.Broadcast(1f));
        return W.SelectLess(x, W.Broadcast(Lowest), W.Broadcast(0f), W.ScaleByPowerOfTwo(p, n));
    }

    /// <summary>2^x within 2e-7 relative; below −126 exactly 0, saturates above 127.9, NaN stays.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Exp2(V x) => Exp2OfNegative(W.Min(W.Broadcast(127.9f), x));

    /// <summary>2^x within 2e-7 relative for x below 128; below −126 exactly 0, NaN stays.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Exp2OfNegative(V x)
    {
        V bounded = W.Max(W.Broadcast(-126f), x);
        V n = W.Round(bounded);
        V r = W.Subtract(bounded, n);
        // (2^r − 1) / r, fit error 3e-9.
        V p = W.Broadcast(0.00015594677824992687f);
        p = W.MultiplyAdd(p, r, W.Broadcast(0.0013406643411144614f));
        p = W.MultiplyAdd(p, r, W.Broadcast(0.009617692790925503f));
        p = W.MultiplyAdd(p, r, W.Broadcast(0.055503103882074356f));
        p = W.MultiplyAdd(p, r, W.Broadcast(0.24022652208805084f));
        p = W.MultiplyAdd(p, r, W.Broadcast(0.6931472420692444f));
        p = W.MultiplyAdd(p, r, W.Broadcast(1f));
        return W.SelectLess(x, W.Broadcast(-126f), W.Broadcast(0f), W.ScaleByPowerOfTwo(p, n));
    }

    /// <summary>tanh x within 3e-7 relative, also near 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Tanh(V x)
    {
        V magnitude = Abs(x);
        // Near 0 the exponential form cancels, so a polynomial serves |x| < 0.62: y + y³·P(y²), fit error 4e-9.
        V square = W.Multiply(magnitude, magnitude);
        V p = W.Broadcast(-0.005708790384232998f);
        p = W.MultiplyAdd(p, square, W.Broadcast(0.020642351359128952f));
        p = W.MultiplyAdd(p, square, W.Broadcast(-0.053740669041872025f));
        p = W.MultiplyAdd(p, square, W.Broadcast(0.13331453502178192f));
        p = W.MultiplyAdd(p, square, W.Broadcast(-0.3333328366279602f));
        V near = W.MultiplyAdd(W.Multiply(p, square), magnitude, magnitude);
        V grown = Exp(W.Add(magnitude, magnitude));
        V far = W.Subtract(W.Broadcast(1f), W.Divide(W.Broadcast(2f), W.Add(grown, W.Broadcast(1f))));
        V sign = W.And(x, W.BroadcastInt(int.MinValue));
        return W.Or(W.SelectLess(magnitude, W.Broadcast(0.62f), near, far), sign);
    }

    /// <summary>x / (1 + e^−x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Silu(V x) =>
        W.Divide(x, W.Add(W.Broadcast(1f), Exp(W.Subtract(W.Broadcast(0f), x))));

    /// <summary>x/2 · (1 + tanh(√(2/π)(x + 0.044715 x³))), as x / (1 + e^−2u), which is the same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V GeluTanh(V x)
    {
        // −2·√(2/π) and that times 0.044715.
        V cubic = W.MultiplyAdd(W.Multiply(x, x), W.Broadcast(-0.0713548163f), W.Broadcast(-1.5957691216f));
        return W.Divide(x, W.Add(W.Broadcast(1f), Exp(W.Multiply(cubic, x))));
    }

    /// <summary>x/2 · (1 + erf(x/√2)).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V GeluErf(V x)
    {
        // erfc(z) = e^−z² · t·P(t) with t = 1 / (1 + 0.4 z), fit error 6e-8 relative over 0 ≤ z ≤ 9.5.
        V z = W.Multiply(Abs(x), W.Broadcast(0.70710678f));
        V t = W.Divide(W.Broadcast(1f), W.MultiplyAdd(z, W.Broadcast(0.4f), W.Broadcast(1f)));
        V p = W.Broadcast(0.040267463773489f);
        p = W.MultiplyAdd(p, t, W.Broadcast(-0.1354709267616272f));
        p = W.MultiplyAdd(p, t, W.Broadcast(0.07384180277585983f));
        p = W.MultiplyAdd(p, t, W.Broadcast(0.09972996264696121f));
        p = W.MultiplyAdd(p, t, W.Broadcast(0.07150804996490479f));
        p = W.MultiplyAdd(p, t, W.Broadcast(0.1969631314277649f));
        p = W.MultiplyAdd(p, t, W.Broadcast(0.20095856487751007f));
        p = W.MultiplyAdd(p, t, W.Broadcast(0.22657571732997894f));
        p = W.MultiplyAdd(p, t, W.Broadcast(0.22562630474567413f));
        V tail = W.Multiply(W.Multiply(p, t), Exp(W.Subtract(W.Broadcast(0f), W.Multiply(z, z))));
        // Φ(x) is erfc(z)/2 left of 0 and 1 − erfc(z)/2 right of it.
        V half = W.Multiply(tail, W.Broadcast(0.5f));
        return W.Multiply(x, W.SelectLess(x, W.Broadcast(0f), half, W.Subtract(W.Broadcast(1f), half)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Abs(V x) => W.And(x, W.BroadcastInt(int.MaxValue));

    /// <summary>binary16 to f32, exact (see <see cref="Memory.HalfConversion"/> for how).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V LoadHalf(ushort* source)
    {
        V scaled = LoadFiniteHalf(source);
        V special = W.Or(scaled, W.BroadcastInt(0x7F800000));
        return W.SelectLess(Abs(scaled), W.Broadcast(65536f), scaled, special);
    }

    /// <summary>binary16 to f32, exact for finite values; infinities become ±65,536 and NaN some larger number, for
    /// half the operations.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V LoadFiniteHalf(ushort* source) =>
        W.Multiply(LoadScaledHalf(source), W.Broadcast(ScaledHalfUnit));

    /// <summary>What <see cref="LoadScaledHalf"/> leaves to be multiplied with: 2^112.</summary>
    public static float ScaledHalfUnit => 5.192296858534828e33f;

    /// <summary>binary16 to f32 times 2^−112, which is exponent and mantissa in their places without another bias;
    /// exact for finite values (what was subnormal still is).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V LoadScaledHalf(ushort* source)
    {
        // The sign extension leaves the sign in the top bits, so that one mask serves sign and magnitude.
        return W.And(W.ShiftLeft(W.LoadInt16(source), 13), W.BroadcastInt(unchecked((int)0x8FFFE000)));
    }

    /// <summary>bfloat16 to f32, exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V LoadBFloat16(ushort* source) => W.ShiftLeft(W.LoadInt16(source), 16);

    /// <summary>int8 to f32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V LoadInt8(sbyte* source) => W.FromInt(W.LoadInt8(source));

    /// <summary>f32 to binary16, round to nearest even; NaN becomes a quiet NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreHalf(V value, ushort* destination)
    {
        V magnitude = Abs(value);
        // Rebias the exponent by −112 and add half a unit less one, and the lowest kept bit, so that ties go to even.
        V odd = W.And(W.ShiftRight(magnitude, 13), W.BroadcastInt(1));
        V normal = W.AddInt(W.AddInt(magnitude, W.BroadcastInt(0xFFF - (112 << 23))), odd);
        normal = W.ShiftRight(normal, 13);
        // Adding 0.5 leaves units of 2^−24, binary16's subnormal unit, rounded by the adder.
        V subnormal = W.AddInt(W.Add(magnitude, W.Broadcast(0.5f)), W.BroadcastInt(-0x3F000000));
        V special = W.SelectLessInt(W.BroadcastInt(0x7F800000), magnitude, W.BroadcastInt(0x7E00),
            W.BroadcastInt(0x7C00));
        V result = W.SelectLessInt(magnitude, W.BroadcastInt(0x38800000), subnormal, normal);
        result = W.SelectLessInt(magnitude, W.BroadcastInt(0x47800000), result, special);
        V sign = W.And(W.ShiftRight(value, 16), W.BroadcastInt(0x8000));
        W.StoreUInt16(W.Or(result, sign), destination);
    }
}
