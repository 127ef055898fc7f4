namespace Engine.Attention.Hyper;

/// <summary>Budget and layout of HyperAttention (arXiv 2310.05869); lengths in positions.</summary>
internal sealed record HyperSettings
{
    /// <summary>Most hyperplanes: a rank is a byte.</summary>
    public const int LargestHyperplanes = 8;

    /// <summary>Keys of its own bucket block that a query takes exactly in each node; 0 = none.</summary>
    public int Block { get; init; } = 256;

    /// <summary>Keys sampled in each node to stand for the rest; 0 = none.</summary>
    public int Samples { get; init; } = 256;

    /// <summary>Length of a query block, and of what is exact at the diagonal.</summary>
    public int Leaf { get; init; } = 512;

    /// <summary>First keys, exact for every query and left out of all nodes.</summary>
    public int Sinks { get; init; } = 64;

    /// <summary>Whole blocks of a leaf's length before its own that a query block sees exactly.</summary>
    public int BandBlocks { get; init; } = 1;

    /// <summary>The recursion's halves are rounded up to a multiple of this.</summary>
    public int SplitTile { get; init; } = 1;

    /// <summary>How large entries are found.</summary>
    public KeyChoiceKind Choice { get; init; }

    /// <summary>Bits of a rank.</summary>
    public int Hyperplanes { get; init; } = 7;

    /// <summary>Start of hyperplanes and samples.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>A node of at most Block + Samples keys (Block without samples) is computed exactly. Off only where the
    /// approximation itself is tested: else small cases test nothing but this.</summary>
    public bool ExactWhereSmall { get; init; } = true;

    /// <summary>Queries take the key block of their own bucket, not that of their quantile among the queries: a query's
    /// result then does not depend on which others are computed with it.</summary>
    public bool OwnBucket { get; init; }

    /// <summary>False where nodes take no keys: what lies before the band is not seen, as in a sliding window with
    /// sinks.</summary>
    public bool HasNodes => Block + Samples > 0;

    /// <summary>Keys up to which a node is exact.</summary>
    public int ExactKeys => ExactWhereSmall ? Samples == 0 ? Block : Block + Samples : 0;

    /// <summary>Largest number of keys that a node takes exactly: room for them is reserved.</summary>
    public int LargestOwnKeys => Math.Max(Block, ExactKeys);

    /// <summary>Samples of a node at most, of a call with so many keys.</summary>
    public int LargestSamples(int keys) => ExactWhereSmall ? Math.Min(Samples, keys) : Samples;
}
