namespace Engine.Isa;

/// <summary>What reading packed weights takes beyond <see cref="ITileWords{TW,TA,TI,TF}"/>: lanes from bit fields, and
/// scales of neighbouring rows from memory.</summary>
/// <inheritdoc cref="ITileWords{TW,TA,TI,TF}"/>
internal unsafe interface IPackedWords<TW, TA, TI, TF>
    where TW : struct
    where TA : struct
    where TI : struct
    where TF : struct
{
    static abstract TW Load(byte* source);

    static abstract void Store(TW value, byte* target);

    /// <summary>Bytes less 128 as 16-bit words: the first two of every four to one address, the others to another.
    /// For <see cref="Kernels.WordRoute"/>, which only some instruction sets need.</summary>
    static virtual void StoreWords(TW value, byte* first, byte* second) => throw new NotSupportedException();

    /// <summary>(byte &gt;&gt; shift) &amp; mask, a left shift if negative; the mask must drop every bit that a wider
    /// shift would bring in from the neighbour.</summary>
    static abstract TW Bits(TW value, int shift, byte mask);

    static abstract TW Or(TW left, TW right);

    /// <summary>Unsigned weights as the words multiply them: byte − offset if those are signed, else as they are.
    /// </summary>
    static abstract TW Lowered(TW value, int offset);

    /// <summary>Each byte, which must be below 16, replaced by its entry in a table of two constants.</summary>
    static abstract TW Lookup(TW value, ulong first, ulong second);

    /// <summary>Integer scales of the rows from one on, out of 16 bytes of 16 rows, as
    /// <see cref="FinishScaled"/> wants them.</summary>
    static abstract TI Scales(byte* scales, int row, bool signed);

    /// <summary>The same scale for every row.</summary>
    static abstract TI Scale(short scale);

    /// <summary>total + scale · sum.</summary>
    static abstract TI FinishScaled(TI total, TA sum, TI scales);

    /// <summary>value · 2^bits.</summary>
    static abstract TI Shifted(TI value, int bits);

    /// <summary>Pairs of integer minimums, below 128, of the rows from one on, out of 2 × 16 bytes of 16 rows.
    /// </summary>
    static abstract TI Minimums(byte* first, byte* second, int row);

    /// <summary>total + pair[0] · sums[0] + pair[1] · sums[1] with a pair of shorts for each row.</summary>
    static abstract TI AddPairs(TI total, TI pairs, int* sums);

    static abstract void Store(TI value, int* target);

    /// <summary>The binary16 of each row; infinities and NaN become large numbers.</summary>
    static abstract TF Halves(byte* source);

    /// <summary>Half of the E8M0 scale of each row: 2^(e − 128).</summary>
    static abstract TF Exponents(byte* source);

    /// <inheritdoc cref="IFloatWords{V}.Prefetch"/>
    static abstract void Prefetch(byte* address);
}
