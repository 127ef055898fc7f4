namespace Engine.Attention;

/// <summary>Where the parts of a worker's scratch lie: query rows with their running state, one block of keys and
/// values as f32, and the scores of four query rows.</summary>
internal unsafe struct AttentionScratch
{
    /// <summary>Query rows in a register tile.</summary>
    public const int TileRows = 4;

    private const int LargestBlock = 64;

    /// <summary>Slots in a block: a multiple of 32.</summary>
    public int BlockSlots;

    /// <summary>Query rows (row × head) that fit at once, a multiple of <see cref="TileRows"/>.</summary>
    public int QueryRows;

    /// <summary>Head dimensions rounded up to 32.</summary>
    public int KeyElements;
    public int ValueElements;

    /// <summary>Scaled queries [QueryRows][KeyElements].</summary>
    public float* Queries;

    /// <summary>Weighted sums of values so far [QueryRows][ValueElements].</summary>
    public float* Sums;

    /// <summary>Largest score (base 2) and sum of 2^(score − largest) so far, per query row.</summary>
    public float* Largest;
    public float* Total;

    /// <summary>Keys of the block, [KeyElements][BlockSlots] for tiles or [BlockSlots][KeyElements] for single rows.
    /// </summary>
    public float* Keys;

    /// <summary>16 key rows on their way to the transposed block.</summary>
    public float* KeyRows;

    /// <summary>Values of the block [BlockSlots][ValueElements], unless the ring itself is f32.</summary>
    public float* Values;

    /// <summary>Scores, then weights, of a tile [TileRows][BlockSlots].</summary>
    public float* Scores;

    /// <summary>Factor of each tile row's sums when its largest score has grown.</summary>
    public float* Factors;

    /// <summary>Positions of the block's slots, −1 beyond the last one.</summary>
    public int* Positions;

    /// <summary>Divides <paramref name="memory"/> of <see cref="ExactAttention.ScratchBytes"/>.</summary>
    public static AttentionScratch Divide(byte* memory, in AttentionTask task)
    {
        const int Capacity = ExactAttention.ScratchBytes / sizeof(float);
        const int LeastQueryRows = 4 * TileRows;
        var scratch = new AttentionScratch
        {
            KeyElements = CacheRows.PaddedElements(task.KeyDimension),
            ValueElements = CacheRows.PaddedElements(task.ValueDimension),
            BlockSlots = LargestBlock,
        };
        int rowFloats = scratch.KeyElements + scratch.ValueElements + 2;
        while (scratch.BlockFloats + (LeastQueryRows * rowFloats) > Capacity && scratch.BlockSlots > 32)
            scratch.BlockSlots /= 2;
        int wanted = Math.Min(task.Rows * task.GroupHeads, (Capacity - scratch.BlockFloats) / rowFloats);
        scratch.QueryRows = (wanted + TileRows - 1) / TileRows * TileRows;
        if (scratch.BlockFloats + (scratch.QueryRows * rowFloats) > Capacity) scratch.QueryRows -= TileRows;
        if (scratch.QueryRows <= 0)
        {
            throw new NotSupportedException(
                $"head dimensions {task.KeyDimension} and {task.ValueDimension} do not fit the attention scratch");
        }

        scratch.Place((float*)memory);
        return scratch;
    }

    private readonly int BlockFloats =>
        (BlockSlots * (KeyElements + ValueElements + TileRows + 1)) + (16 * KeyElements) + 16;

    private void Place(float* next)
    {
        Keys = next;
        Values = Keys + (BlockSlots * KeyElements);
        KeyRows = Values + (BlockSlots * ValueElements);
        Scores = KeyRows + (16 * KeyElements);
        Factors = Scores + (TileRows * BlockSlots);
        Positions = (int*)(Factors + 16);
        Queries = (float*)(Positions + BlockSlots);
        Sums = Queries + (QueryRows * KeyElements);
        Largest = Sums + (QueryRows * ValueElements);
        Total = Largest + QueryRows;
    }
}
