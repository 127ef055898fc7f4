using Engine.Isa;

namespace Engine.Formats.Packed;

/// <summary>A format in the packed layout: how the weights of neighbouring rows come out of it.</summary>
/// <remarks>Each step reads four columns of 4 bytes; a column gives two or four quads of elements, its n-th quad those
/// from <see cref="Element"/> + 4 · column on.</remarks>
internal unsafe interface IPackedLanes
{
    static abstract WeightType Type { get; }

    /// <summary>32 (value = d · (q − Offset) + m) or 256 (value = d · scale · (q − Offset) − dmin · minimum).</summary>
    static abstract int BlockElements { get; }

    static abstract int BlockBytes { get; }

    static abstract int QuantBytes { get; }

    /// <summary>Bytes of integer scales before the f32 scales.</summary>
    static virtual int IntegerBytes => 0;

    static abstract int Steps { get; }

    /// <summary>Bytes of a strip from the columns of a step to those of the next.</summary>
    static virtual int StepBytes => 256;

    /// <summary>Bytes from two columns to the next two (formats of four quads).</summary>
    static virtual int PairBytes => 128;

    /// <summary>Quads that a column gives: 2 or 4.</summary>
    static abstract int Quads { get; }

    /// <summary>First element of quad n of a step's first column.</summary>
    static abstract int Element(int step, int n);

    /// <summary>True if weights are bytes of any value, here raised by 128, so that <see cref="Low"/> and
    /// <see cref="High"/> split them.</summary>
    static virtual bool EightBit => false;

    static abstract int Offset { get; }

    /// <summary>Largest |q − Offset|.</summary>
    static abstract int Largest { get; }

    static virtual bool HasMinimum => false;

    /// <summary>True if the f32 scale is an E8M0 byte.</summary>
    static virtual bool HasExponents => false;

    /// <summary>Elements under one integer scale and, where there are any, one minimum.</summary>
    static virtual int ScaleElements => 32;

    static virtual bool SignedScales => false;

    /// <summary>Unpacks the integer scales of 16 rows to 16 bytes each; then the minimums.</summary>
    static virtual void Integers(byte* packed, byte* integers)
    {
    }

    /// <summary>The quads of a column, before <see cref="Value"/>.</summary>
    /// <param name="quants">Columns of a step, from the first wanted row on; of two later columns, moved by
    /// <see cref="PairBytes"/> if there are four quads.</param>
    /// <param name="column">Which column, a constant.</param>
    /// <param name="q0">The first quad.</param>
    /// <param name="q1">The second.</param>
    /// <param name="q2">The third; undefined if there are two.</param>
    /// <param name="q3">The fourth.</param>
    static abstract void Load<TWords, TW, TA, TI, TF>(
        byte* quants, int column, out TW q0, out TW q1, out TW q2, out TW q3)
        where TWords : struct, IPackedWords<TW, TA, TI, TF>
        where TW : struct
        where TA : struct
        where TI : struct
        where TF : struct;

    /// <summary>Unsigned weights of loaded lanes.</summary>
    static virtual TW Value<TWords, TW, TA, TI, TF>(TW q)
        where TWords : struct, IPackedWords<TW, TA, TI, TF>
        where TW : struct
        where TA : struct
        where TI : struct
        where TF : struct => q;

    /// <summary>The lower four bits of eight-bit weights.</summary>
    static virtual TW Low<TWords, TW, TA, TI, TF>(TW q)
        where TWords : struct, IPackedWords<TW, TA, TI, TF>
        where TW : struct
        where TA : struct
        where TI : struct
        where TF : struct => q;

    /// <summary>Their upper four bits.</summary>
    static virtual TW High<TWords, TW, TA, TI, TF>(TW q)
        where TWords : struct, IPackedWords<TW, TA, TI, TF>
        where TW : struct
        where TA : struct
        where TI : struct
        where TF : struct => q;
}
