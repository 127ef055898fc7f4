using System.Runtime.Intrinsics;
using Engine.Isa;

namespace Engine.Formats;

/// <summary>A format of blocks of 256 with integer scales: value = d · scale · (q − Offset) − dmin · minimum.</summary>
internal unsafe interface ISuperBlockLanes
{
    static abstract WeightType Type { get; }

    static abstract int BlockBytes { get; }

    /// <summary>Elements under one integer scale: 16 or 32.</summary>
    static abstract int GroupElements { get; }

    /// <inheritdoc cref="IBlockLanes.Signed"/>
    static abstract bool Signed { get; }

    static abstract int Offset { get; }

    /// <inheritdoc cref="IBlockLanes.Largest"/>
    static abstract int Largest { get; }

    static abstract bool HasMinimum { get; }

    /// <summary>Bits of d, a binary16.</summary>
    static abstract int ScaleIndex(byte* block);

    /// <summary>Bits of dmin, a binary16.</summary>
    static abstract int MinimumIndex(byte* block);

    /// <summary>The integer scale of every 16 elements (a group of 32 has it twice).</summary>
    static abstract void Scales(byte* block, out Vector128<short> low, out Vector128<short> high);

    /// <summary>The integer minimum of every 16 elements.</summary>
    static abstract void Minimums(byte* block, out Vector128<short> low, out Vector128<short> high);

    /// <summary>Lanes of elements 32·part … 32·part + 31.</summary>
    static abstract TB Load<TWords, TB, TI, TF>(byte* block, int part)
        where TWords : struct, ILaneWords<TB, TI, TF>
        where TB : struct
        where TI : struct
        where TF : struct;
}
