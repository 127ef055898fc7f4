using Engine.Cache;

namespace Engine.Attention;

/// <summary>What a check of attention varies.</summary>
internal sealed record AttentionShape(int Rows, int Heads, int KeyDimension, int ValueDimension, int Slots)
{
    public CacheType KeyType { get; init; } = CacheType.F32;

    public CacheType ValueType { get; init; } = CacheType.F32;

    public int Window { get; init; }

    public float SoftCap { get; init; }

    public bool Sinks { get; init; }

    public bool Alibi { get; init; }

    /// <summary>Slots by which the ring is turned: positions then do not ascend, and there are two ranges.</summary>
    public int Turn { get; init; }

    /// <summary>Every n-th slot is empty; 0 = none.</summary>
    public int EmptyEvery { get; init; }

    /// <summary>Position of the last row less that of the newest slot; 0 = the usual causal batch.</summary>
    public int RowsBeforeEnd { get; init; }

    public override string ToString() =>
        $"{Rows}x{Heads} d {KeyDimension}/{ValueDimension} slots {Slots} {KeyType}/{ValueType}"
        + $" window {Window} cap {SoftCap} sinks {Sinks} alibi {Alibi} turn {Turn} empty {EmptyEvery}"
        + $" before {RowsBeforeEnd}";
}
