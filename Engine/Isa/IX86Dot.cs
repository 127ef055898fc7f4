using System.Runtime.Intrinsics;

namespace Engine.Isa;

/// <summary>What differs between x86 processors with and without AVX-VNNI in 256-bit words.</summary>
internal interface IX86Dot
{
    /// <inheritdoc cref="ILaneWords{TB,TI,TF}.SignedBias"/>
    static abstract int SignedBias { get; }

    /// <inheritdoc cref="ILaneWords{TB,TI,TF}.Dot"/>
    static abstract Vector256<int> Dot(Vector256<int> sum, Vector256<byte> q, Vector256<sbyte> a);

    /// <summary>Σ low·a + Σ high·b for unsigned bytes up to 31; a and b follow one another.</summary>
    static abstract unsafe Vector256<int> DotPair(Vector256<byte> low, Vector256<byte> high, sbyte* a);

    /// <inheritdoc cref="ILaneWords{TB,TI,TF}.DotSigned"/>
    static abstract Vector256<int> DotSigned(Vector256<int> sum, Vector256<sbyte> w, Vector256<sbyte> a);

    /// <summary>sum + left[2i]·right[2i] + left[2i + 1]·right[2i + 1].</summary>
    static abstract Vector256<int> AddPairs(Vector256<int> sum, Vector256<short> left, Vector256<short> right);
}
