using System.Runtime.CompilerServices;

namespace Engine.Memory;

/// <summary>binary16 and bfloat16 conversion by bit operations.</summary>
/// <remarks>.NET 10 exposes no F16C: the cast <c>(float)Half</c> compiles to a call that spills the accumulators of a
/// kernel, so it is banned there and these are used instead.</remarks>
internal static class HalfConversion
{
    /// <summary>binary16 to single, exact for every finite, infinite and NaN input.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingle(ushort bits)
    {
        // Shift exponent and mantissa into place and rebias by a multiplication with 2^112, which also normalises
        // subnormals; infinities and NaN (exponent 31) end above 2^16 and get their exponent set afterwards.
        uint magnitude = (uint)(bits & 0x7FFF) << 13;
        float scaled = BitConverter.UInt32BitsToSingle(magnitude) * BitConverter.UInt32BitsToSingle(0x77800000);
        uint result = BitConverter.SingleToUInt32Bits(scaled);
        result |= magnitude >= 0x0F800000 ? 0x7F800000u : 0u;
        return BitConverter.UInt32BitsToSingle(result | ((uint)(bits & 0x8000) << 16));
    }

    /// <summary>single to binary16, round to nearest even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort FromSingle(float value) => BitConverter.HalfToUInt16Bits((Half)value);

    /// <summary>bfloat16 to single.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float BFloat16ToSingle(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>single to bfloat16, round to nearest even; NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort BFloat16FromSingle(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if ((bits & 0x7FFFFFFF) > 0x7F800000) return (ushort)((bits >> 16) | 64);
        return (ushort)((bits + (0x7FFF + ((bits >> 16) & 1))) >> 16);
    }
}
