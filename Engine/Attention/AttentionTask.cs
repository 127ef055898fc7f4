using Engine.Cache;

namespace Engine.Attention;

/// <summary>Half-open range of ring slots.</summary>
internal readonly record struct SlotRange(int Begin, int End)
{
    /// <summary>Slots.</summary>
    public int Count => End - Begin;
}

/// <summary>One task of exact attention: all query heads of one KV head for a run of rows of one sequence.</summary>
/// <remarks>A slot s is visible to a row at position p if 0 ≤ pos[s] ≤ p and (Window = 0 or pos[s] &gt; p − Window).
/// Rows are in ascending position order. Slots carry no order: only <see cref="SlotPositions"/> counts, though runs of
/// ascending positions are the usual case and worth a fast path. Key and value rows of one KV head lie
/// <see cref="KeyRowBytes"/> / <see cref="ValueRowBytes"/> apart and are padded with zeros to a multiple of 32 elements
/// (64-byte aligned start of the head's area), so vectors may read whole rows past the head dimension.</remarks>
internal unsafe struct AttentionTask
{
    /// <summary>Query of the group's first head in the first row; f32, KeyDimension elements.</summary>
    public float* Query;

    /// <summary>Floats from one row (token) to the next.</summary>
    public nint QueryRowStride;

    /// <summary>Floats from one query head to the next.</summary>
    public nint QueryHeadStride;

    /// <summary>Rows (tokens) of this task.</summary>
    public int Rows;

    /// <summary>Query heads that read this KV head.</summary>
    public int GroupHeads;

    /// <summary>Position of each row, ascending.</summary>
    public int* Positions;

    /// <summary>Row of slot 0 of this KV head.</summary>
    public byte* Keys;
    public byte* Values;
    public nint KeyRowBytes;
    public nint ValueRowBytes;
    public CacheType KeyType;
    public CacheType ValueType;

    /// <summary>Position held by each slot, −1 if empty.</summary>
    public int* SlotPositions;

    /// <summary>The slots to look at: at most two ranges that together hold every visible slot.</summary>
    public SlotRange First;
    public SlotRange Second;

    /// <summary>Further ranges after the two, which are empty where pages are selected; null = none.</summary>
    public SlotRange* More;
    public int MoreCount;

    /// <summary>Elements of a key (and query) head and of a value (and output) head; any positive number.</summary>
    public int KeyDimension;
    public int ValueDimension;

    /// <summary>Scores are Scale · q·k.</summary>
    public float Scale;

    /// <summary>score = SoftCap · tanh(score / SoftCap) before the mask; 0 = off.</summary>
    public float SoftCap;

    /// <summary>Row at p sees positions p − Window + 1 … p; 0 = all.</summary>
    public int Window;

    /// <summary>Optional learned sink logit per query head of the group, added once to the denominator; null = none.
    /// </summary>
    public float* SinkLogits;

    /// <summary>Optional ALiBi slope per query head of the group (score += slope · (pos[s] − p)); null = none.
    /// </summary>
    public float* AlibiSlopes;

    /// <summary>Output of the group's first head in the first row; ValueDimension elements a head.</summary>
    public float* Output;
    public nint OutputRowStride;
    public nint OutputHeadStride;

    /// <summary>Optional: log Σ e^score of each query head, at row · GroupHeads + head (−∞ if it sees nothing), by
    /// which <see cref="AttentionMerge"/> joins tasks over parts of the slots; null = none. Only one part may have the
    /// sinks.</summary>
    public float* LogSumExp;
}
