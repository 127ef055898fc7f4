using System.Runtime.Intrinsics;

namespace Engine.Isa;

/// <summary>The words in which matrix-vector loops and format lanes are written: 32 byte lanes, their int8 dot
/// product and the f32 that follows. One struct per instruction set; the JIT and AOT specialise every loop.</summary>
/// <typeparam name="TB">32 byte lanes.</typeparam>
/// <typeparam name="TI">int32 partial sums of one dot product; only their total has a meaning.</typeparam>
/// <typeparam name="TF">As many f32 lanes as <typeparamref name="TI"/> has.</typeparam>
internal unsafe interface ILaneWords<TB, TI, TF>
    where TB : struct
    where TI : struct
    where TF : struct
{
    /// <summary><see cref="DotSigned"/> adds this times Σa: hardware that multiplies unsigned by signed bytes sees
    /// w + 128.</summary>
    static abstract int SignedBias { get; }

    /// <summary>32 bytes from any address.</summary>
    static abstract TB Load(byte* source);

    static abstract void Store(TB lanes, byte* target);

    /// <summary>Sign-extended to 16 bits: lanes 0–15 to one address, lanes 16–31 to another.</summary>
    static abstract void StoreWords(TB lanes, byte* first, byte* second);

    /// <summary>16 bytes from one address in lanes 0–15, 16 from another in lanes 16–31.</summary>
    static abstract TB LoadHalves(byte* first, byte* second);

    /// <summary>lane − value modulo 256.</summary>
    static abstract TB Subtract(TB lanes, byte value);

    /// <summary>Rows that <see cref="Interleave"/> takes.</summary>
    static abstract int InterleavedRows { get; }

    /// <summary>Turns rows of 32 bytes, one after the other, into 8 lines of four bytes of every row, so many bytes
    /// apart.</summary>
    static abstract void Interleave(byte* rows, byte* target, nint lineBytes);

    /// <summary>Low nibbles of 16 bytes in lanes 0–15, their high nibbles in lanes 16–31.</summary>
    static abstract TB LoadNibbles(byte* source);

    /// <summary>(lane &gt;&gt; shift) &amp; mask, a left shift if negative; the mask must drop every bit that a wider
    /// shift would bring in from the neighbour.</summary>
    static abstract TB Bits(TB lanes, int shift, byte mask);

    static abstract TB Or(TB left, TB right);

    /// <summary>Lane i = value if bit i is set, else 0.</summary>
    static abstract TB SpreadBits(uint bits, byte value);

    /// <summary>Lane i = table[lane i]; lanes must be below 16.</summary>
    static abstract TB Lookup(TB lanes, Vector128<byte> table);

    /// <summary>sum + Σ q·a for unsigned q up to 127 and signed a in [−127, 127].</summary>
    static abstract TI Dot(TI sum, TB q, TB a);

    /// <summary>sum + Σ w·a + <see cref="SignedBias"/>·Σa for signed w and a in [−127, 127].</summary>
    static abstract TI DotSigned(TI sum, TB w, TB a);

    /// <summary>sum + scales[2·pair]·Σ q·a over lanes 0–15 + scales[2·pair + 1]·Σ q·a over lanes 16–31.</summary>
    static abstract TI DotScaled(TI sum, TB q, TB a, Vector128<short> scales, int pair);

    /// <summary>As <see cref="DotScaled"/> for signed weights, without bias.</summary>
    static abstract TI DotScaledSigned(TI sum, TB w, TB a, Vector128<short> scales, int pair);

    /// <summary>Σ sums[i]·factors[i] over 16 shorts.</summary>
    static abstract TI DotSums(short* sums, Vector128<short> low, Vector128<short> high);

    /// <summary>−offset · Σa, each lane from the elements that a dot product adds there: what lanes raised by an
    /// offset add too much is taken off as a whole number before anything is rounded.</summary>
    static abstract TI Start(TB a, byte offset);

    /// <summary>Adds a pair of blocks: sum + Σ over both of d · (s · Σ q·a + c), unsigned q up to 31; lanes 0–15 of
    /// <paramref name="low"/> and <paramref name="high"/> are the first block's, the others the second's.</summary>
    /// <param name="sum">What it is added to.</param>
    /// <param name="low">Elements 0–15 of both blocks.</param>
    /// <param name="high">Elements 16–31 of both blocks.</param>
    /// <param name="pair">The token's part: 64 quants in the order of the lanes, four times the s of each block, then
    /// one c and three zeros for each.</param>
    /// <param name="d0">Scale of the first block.</param>
    /// <param name="d1">Scale of the second.</param>
    /// <param name="corrects">False if c is known to be zero, or not meant for this.</param>
    static abstract TF AddPair(TF sum, TB low, TB high, byte* pair, float* d0, float* d1, bool corrects);

    /// <summary>As <see cref="AddPair"/> for signed weights; c must take <see cref="SignedBias"/>·Σa off.</summary>
    static abstract TF AddSignedPair(TF sum, TB low, TB high, byte* pair, float* d0, float* d1);

    /// <summary>sum + m0 · c0 + m1 · c1.</summary>
    static abstract TF AddMinimums(TF sum, byte* pair, float* m0, float* m1);

    static abstract TI MultiplyInt(TI value, int factor);

    static abstract TF ToFloat(TI value);

    static abstract TF Broadcast(float* source);

    static abstract TF Add(TF left, TF right);

    static abstract TF Multiply(TF left, TF right);

    /// <summary>left · right + sum; fused except in the scalar words.</summary>
    static abstract TF MultiplyAdd(TF left, TF right, TF sum);

    /// <summary>Total of the lanes, added in a fixed order.</summary>
    static abstract float Total(TF value);

    /// <inheritdoc cref="IFloatWords{V}.Prefetch"/>
    static abstract void Prefetch(byte* address);
}
