namespace Engine.Isa;

/// <summary>The words of tiled matrix products: a vector holds four bytes of k for each of its rows, a token's four
/// bytes are broadcast against it.</summary>
/// <typeparam name="TW">Bytes of weights or activations, four a row.</typeparam>
/// <typeparam name="TA">Sums inside a segment of k, 16 or 32 bits wide.</typeparam>
/// <typeparam name="TI">int32, one a row.</typeparam>
/// <typeparam name="TF">f32, one a row.</typeparam>
internal unsafe interface ITileWords<TW, TA, TI, TF>
    where TW : struct
    where TA : struct
    where TI : struct
    where TF : struct
{
    /// <summary>Rows in a vector.</summary>
    static abstract int Rows { get; }

    /// <summary>Vectors side by side in a panel: 2, or 4 where their sums fit the register file.</summary>
    static virtual int PanelVectors => 2;

    /// <summary>True if weights are signed bytes in the panel, so that nothing needs correcting; else they are
    /// unsigned and a sum starts at what their offset adds too much.</summary>
    static abstract bool SignedWeights { get; }

    /// <summary>True if <typeparamref name="TA"/> holds 16-bit sums: then a segment must keep
    /// |q − offset| · 127 · 2 · quads below 2^15, and eight-bit weights come as two planes of nibbles.</summary>
    static abstract bool Narrow { get; }

    static abstract TW Load(byte* source);

    static abstract TW BroadcastQuad(sbyte* source);

    /// <summary>The start that <see cref="StartWord"/> made, for every row.</summary>
    static abstract TA Start(int* word);

    /// <summary>What a segment's sums start with: −offset · Σa over its elements.</summary>
    static abstract int StartWord(sbyte* a, int quads, int offset);

    static abstract TA Dot(TA sum, TW weights, TW a);

    /// <summary>sum · 2^bits.</summary>
    static abstract TI Widen(TA sum, int bits);

    /// <summary>scale · sum · 2^bits, the scales as <see cref="ScaleWord"/> made them, four bytes a row.</summary>
    static abstract TI WidenScaled(TA sum, byte* scales, int bits);

    static abstract int ScaleWord(short scale);

    static abstract TI Add(TI left, TI right);

    /// <summary>total + pair[0] · sums[0] + pair[1] · sums[1] with a pair of shorts for each row.</summary>
    static abstract TI AddPairs(TI total, byte* pairs, int* sums);

    static abstract TF ToFloat(TI value);

    static abstract TF Broadcast(float* source);

    static abstract TF LoadFloats(float* source);

    static abstract void Store(TF value, float* target);

    static abstract TF Multiply(TF left, TF right);

    static abstract TF MultiplyAdd(TF left, TF right, TF sum);

    static abstract void Prefetch(void* address);
}
