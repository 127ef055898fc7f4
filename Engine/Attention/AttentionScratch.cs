namespace Engine.Attention;

/// <summary>Where the parts of a worker's scratch lie: query rows with their running state, transposed so that query
/// rows lie in the lanes of vectors, one block of keys and values as f32, and the scores of one group of query rows.
/// </summary>
internal unsafe struct AttentionScratch
{
    private const int LargestGroup = 64;
    private const int LargestBlock = 64;

    /// <summary>Query rows (row × head) side by side: what the widest register tile holds, or half of it.</summary>
    public int GroupRows;

    /// <summary>Slots in a block: a multiple of 4. Like <see cref="GroupRows"/> it depends on the head dimensions
    /// alone, so that a row's sums are rounded alike in every task.</summary>
    public int BlockSlots;

    /// <summary>Query rows that fit at once, a multiple of <see cref="GroupRows"/>.</summary>
    public int QueryRows;

    /// <summary>Head dimensions rounded up to 32.</summary>
    public int KeyElements;
    public int ValueElements;

    /// <summary>Scaled queries [group][KeyElements][GroupRows].</summary>
    public float* Queries;

    /// <summary>Weighted sums of values so far [group][ValueElements][GroupRows].</summary>
    public float* Sums;

    /// <summary>Largest score (base 2) and sum of 2^(score − largest) so far, per query row.</summary>
    public float* Largest;
    public float* Total;

    /// <summary>Position of each query row, and the last one that it no longer sees.</summary>
    public int* High;
    public int* BeforeLow;

    /// <summary>ALiBi slope of each query row, in base 2, and its position with the sign changed.</summary>
    public float* Slopes;
    public int* Origin;

    /// <summary>Keys and values of the block [BlockSlots][elements], unless the ring itself is f32.</summary>
    public float* Keys;
    public float* Values;

    /// <summary>Up to 16 rows on their way into or out of the transposed form.</summary>
    public float* Rows;

    /// <summary>Scores, then weights, of a group [BlockSlots][GroupRows].</summary>
    public float* Scores;

    /// <summary>Factor of each row's sums when its largest score has grown.</summary>
    public float* Factors;

    /// <summary>Positions of the block's slots, −1 beyond the last one.</summary>
    public int* Positions;

    /// <summary>Divides <paramref name="memory"/> of <see cref="ExactAttention.ScratchBytes"/>.</summary>
    public static AttentionScratch Divide(byte* memory, in AttentionTask task)
    {
        const int Capacity = ExactAttention.ScratchBytes / sizeof(float);
        var scratch = new AttentionScratch
        {
            KeyElements = CacheRows.PaddedElements(task.KeyDimension),
            ValueElements = CacheRows.PaddedElements(task.ValueDimension),
            BlockSlots = LargestBlock,
            GroupRows = LargestGroup,
        };
        while (scratch.BlockFloats + scratch.GroupFloats > Capacity && scratch.GroupRows > LargestGroup / 2)
        {
            if (scratch.BlockSlots > LargestBlock / 4) scratch.BlockSlots /= 2;
            else scratch.GroupRows /= 2;
        }

        int fitting = (Capacity - scratch.BlockFloats) / scratch.GroupFloats;
        if (fitting <= 0)
        {
            throw new NotSupportedException(
                $"head dimensions {task.KeyDimension} and {task.ValueDimension} do not fit the attention scratch");
        }

        int wanted = ((task.Rows * task.GroupHeads) + scratch.GroupRows - 1) / scratch.GroupRows;
        scratch.QueryRows = Math.Min(wanted, fitting) * scratch.GroupRows;
        scratch.Place((float*)memory);
        return scratch;
    }

    private readonly int RowFloats => 16 * Math.Max(KeyElements, ValueElements);

    private readonly int BlockFloats =>
        (BlockSlots * (KeyElements + ValueElements + GroupRows)) + RowFloats + GroupRows + LargestBlock;

    private readonly int GroupFloats => GroupRows * (KeyElements + ValueElements + 6);

    private void Place(float* next)
    {
        Keys = next;
        Values = Keys + (BlockSlots * KeyElements);
        Rows = Values + (BlockSlots * ValueElements);
        Scores = Rows + RowFloats;
        Factors = Scores + (BlockSlots * GroupRows);
        Positions = (int*)(Factors + GroupRows);
        Queries = (float*)(Positions + LargestBlock);
        Sums = Queries + (QueryRows * KeyElements);
        Largest = Sums + (QueryRows * ValueElements);
        Total = Largest + QueryRows;
        Slopes = Total + QueryRows;
        High = (int*)(Slopes + QueryRows);
        BeforeLow = High + QueryRows;
        Origin = BeforeLow + QueryRows;
    }
}
