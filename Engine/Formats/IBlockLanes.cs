using Engine.Isa;

namespace Engine.Formats;

/// <summary>A format of independent blocks of 32: value = d · (q − Offset) + m.</summary>
internal unsafe interface IBlockLanes
{
    static abstract WeightType Type { get; }

    static abstract int BlockBytes { get; }

    /// <summary>True if lanes are signed bytes of any value (then Offset is 0), false if unsigned and below 128.
    /// </summary>
    static abstract bool Signed { get; }

    static abstract int Offset { get; }

    /// <summary>Largest |q − Offset|.</summary>
    static abstract int Largest { get; }

    /// <summary>True if blocks have an m.</summary>
    static abstract bool HasMinimum { get; }

    /// <summary>The table of <see cref="ScaleTables"/> in which <see cref="ScaleIndex"/> finds d.</summary>
    static abstract float* ScaleTable { get; }

    static abstract int ScaleIndex(byte* block);

    /// <summary>Bits of m, a binary16.</summary>
    static abstract int MinimumIndex(byte* block);

    /// <summary>The 32 lanes in the order of the elements.</summary>
    static abstract TB Load<TWords, TB, TI, TF>(byte* block)
        where TWords : struct, ILaneWords<TB, TI, TF>
        where TB : struct
        where TI : struct
        where TF : struct;

    /// <summary>Two blocks at once: elements 0–15 of both, and elements 16–31 of both.</summary>
    static abstract void LoadPair<TWords, TB, TI, TF>(byte* first, byte* second, out TB low, out TB high)
        where TWords : struct, ILaneWords<TB, TI, TF>
        where TB : struct
        where TI : struct
        where TF : struct;
}
