namespace Engine.Isa;

/// <summary>The words from which float kernels make their sentences: one instruction set's vector of f32.</summary>
/// <remarks>The integer words treat the same lanes as 32-bit integers, so bit tricks are written once, too.
/// All pointers may be unaligned. <typeparamref name="V"/> is <c>float</c>, <c>Vector128&lt;float&gt;</c> and so on.
/// </remarks>
internal unsafe interface IFloatWords<V> where V : unmanaged
{
    /// <summary>Lanes in a vector.</summary>
    static abstract int Count { get; }

    /// <summary>True if 24 accumulators and their operands fit the register file.</summary>
    static abstract bool HasManyRegisters { get; }

    static abstract V Broadcast(float value);

    static abstract V Load(float* source);

    static abstract void Store(V value, float* destination);

    static abstract V Add(V a, V b);

    static abstract V Subtract(V a, V b);

    static abstract V Multiply(V a, V b);

    static abstract V Divide(V a, V b);

    /// <summary>a · b + c; fused except in the scalar words, where fusing may be a call.</summary>
    static abstract V MultiplyAdd(V a, V b, V c);

    /// <summary>a &lt; b ? a : b, and b if one is NaN (on Arm: NaN).</summary>
    static abstract V Min(V a, V b);

    /// <summary>a &gt; b ? a : b, and b if one is NaN (on Arm: NaN).</summary>
    static abstract V Max(V a, V b);

    /// <summary>The larger; b if a is NaN, whatever the instruction set.</summary>
    static abstract V MaxNumber(V a, V b);

    /// <summary>Nearest integer, ties to even.</summary>
    static abstract V Round(V a);

    /// <summary>value · 2^n for integral n; value in [0.5, 2), result in the normal range.</summary>
    static abstract V ScaleByPowerOfTwo(V value, V n);

    /// <summary>a &lt; b ? x : y; y if one is NaN.</summary>
    static abstract V SelectLess(V a, V b, V x, V y);

    static abstract bool AnyEqual(V a, V b);

    static abstract float Sum(V a);

    /// <summary>Stores the four sums of the lanes of a, b, c and d.</summary>
    static abstract void StoreSums(V a, V b, V c, V d, float* destination);

    /// <summary>The largest lane.</summary>
    static abstract float MaxAcross(V a);

    static abstract V And(V a, V b);

    static abstract V Or(V a, V b);

    static abstract V BroadcastInt(int value);

    static abstract V LoadInt(int* source);

    static abstract V AddInt(V a, V b);

    static abstract V MaxInt(V a, V b);

    /// <summary>a &lt; b ? x : y as signed integers.</summary>
    static abstract V SelectLessInt(V a, V b, V x, V y);

    static abstract V ShiftLeft(V a, int bits);

    /// <summary>Logical shift.</summary>
    static abstract V ShiftRight(V a, int bits);

    /// <summary>Integral floats to integers.</summary>
    static abstract V ToInt(V a);

    /// <summary>Integers to floats, rounded to nearest even.</summary>
    static abstract V FromInt(V a);

    /// <summary>The largest signed integer of all lanes.</summary>
    static abstract int MaxIntAcross(V a);

    /// <summary>Sum of all integer lanes.</summary>
    static abstract int SumInt(V a);

    /// <summary>Loads 16-bit words, sign-extended to integers.</summary>
    static abstract V LoadInt16(ushort* source);

    /// <summary>Stores the low 16 bits of each lane (values up to 65,535).</summary>
    static abstract void StoreUInt16(V value, ushort* destination);

    /// <summary>Loads bytes, sign-extended to integers.</summary>
    static abstract V LoadInt8(sbyte* source);

    /// <summary>Stores the low 8 bits of each lane (values in [−128, 127]).</summary>
    static abstract void StoreInt8(V value, sbyte* destination);

    /// <summary>The even elements of a followed by b.</summary>
    static abstract V Even(V a, V b);

    /// <summary>The odd elements of a followed by b.</summary>
    static abstract V Odd(V a, V b);

    /// <summary>First half of a0 b0 a1 b1 ….</summary>
    static abstract V ZipLow(V a, V b);

    /// <summary>Second half of a0 b0 a1 b1 ….</summary>
    static abstract V ZipHigh(V a, V b);

    /// <summary>Transposes four columns of <see cref="Count"/> rows into four rows of a vector each.</summary>
    static abstract void TransposeColumns(float* source, nint sourceStride, float* destination,
        nint destinationStride);

    /// <summary>Asks for the line of memory at an address, which need not be readable, for the second-level cache: it
    /// waits there for any distance without pushing activations out of the first, and holds none of its few places for
    /// lines on their way (into the first level, the same distances cost up to a half).</summary>
    static abstract void Prefetch(byte* address);
}
