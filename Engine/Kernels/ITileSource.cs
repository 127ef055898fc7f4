using Engine.Isa;

namespace Engine.Kernels;

/// <summary>What a tile must know of a format on one instruction set; constants all, so that loops fold them.</summary>
/// <remarks>A group (32 elements of a plain block, 256 of a super-block) has one f32 scale a row. Its segments are what
/// a sum may gather before it is widened or multiplied by an integer scale.</remarks>
internal unsafe interface ITileSource
{
    static abstract ActivationKinds Input { get; }

    static abstract int BlockBytes { get; }

    static abstract int GroupElements { get; }

    /// <summary>Bytes of a weight in the panel and of an activation in the tile: 1 or 2.</summary>
    static virtual int ElementBytes => 1;

    /// <summary>Quads (4 bytes of a row: 4 elements, or 2 of two bytes) in a segment.</summary>
    static abstract int SegmentQuads { get; }

    /// <summary>2 if eight-bit weights are split into nibbles (low plane, then high plane minus eight), else 1.
    /// </summary>
    static abstract int Planes { get; }

    /// <summary>Offset of the weights in the panel (of the high plane, if there are two); 0 = sums start at zero.
    /// </summary>
    static abstract int PanelOffset { get; }

    /// <summary>True if segments have integer scales.</summary>
    static abstract bool Scaled { get; }

    static abstract bool HasMinimum { get; }

    /// <summary>Elements under one integer minimum: 16 or 32 (super-blocks only).</summary>
    static abstract int MinimumElements { get; }

    /// <summary>True if weights come packed and <see cref="Pack"/> makes panels of them; else rows are unpacked one by
    /// one by what follows it.</summary>
    static virtual bool IsPacked => false;

    /// <summary>Makes the panel of so many rows and groups of columns out of packed strips.</summary>
    static virtual void Pack(in WeightView weights, int row, int count, int column, int groups, byte* panel)
    {
    }

    /// <summary>Rows that are interleaved at a time.</summary>
    static virtual int InterleavedRows => 1;

    /// <summary>Lanes of 32 elements as they stand in the panel; those of a second plane, or of the second half where
    /// an element has two bytes, go <see cref="InterleavedRows"/> rows further on.</summary>
    static virtual void Unpack(byte* block, int part, byte* lanes)
    {
    }

    /// <inheritdoc cref="ILaneWords{TB,TI,TF}.Interleave"/>
    static virtual void Interleave(byte* lanes, byte* target, nint lineBytes)
    {
    }

    /// <summary>Integer scales and minimums of every 16 elements (super-blocks only).</summary>
    static virtual void Integers(byte* block, short* scales, short* minimums)
    {
    }

    static virtual float Scale(byte* block) => 0;

    /// <summary>What multiplies Σa: m, or −dmin under the integer minimums.</summary>
    static virtual float Minimum(byte* block) => 0;
}
