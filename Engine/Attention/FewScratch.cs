namespace Engine.Attention;

/// <summary>Where the parts of a worker's scratch lie when few query rows attend: dot products need no packed keys.
/// </summary>
internal unsafe struct FewScratch
{
    /// <summary>Query rows that share what is read of the cache.</summary>
    public const int GroupRows = 4;

    /// <summary>Slots after which the running state is brought forward; a divisor of
    /// <see cref="AttentionPieces.Slots"/>, so that a row's sums are rounded alike in every task.</summary>
    public const int BlockSlots = 256;

    /// <summary>Query rows that fit at once.</summary>
    public int QueryRows;

    /// <summary>Head dimensions rounded up to 32.</summary>
    public int KeyElements;
    public int ValueElements;

    /// <summary>Scores, then weights, of a group [GroupRows][BlockSlots].</summary>
    public float* Scores;

    /// <summary>Factors of the group's sums when their largest score has grown.</summary>
    public float* Factors;

    /// <summary>Positions of the block's slots, −1 beyond the last one.</summary>
    public int* Positions;

    /// <summary>States of a task that is not a piece, for so many query rows as the first argument of
    /// <see cref="Divide"/> says.</summary>
    public float* States;

    /// <summary>Scaled queries [QueryRows][KeyElements].</summary>
    public float* Queries;

    /// <summary>Divides <paramref name="memory"/> of <see cref="ExactAttention.ScratchBytes"/>.</summary>
    public static FewScratch Divide(byte* memory, in AttentionTask task, int states)
    {
        // What tiles refuse is refused for few rows, too: heads that pass leave room for more rows than a group has.
        _ = AttentionScratch.Divide(memory, task);
        var scratch = new FewScratch
        {
            KeyElements = CacheRows.PaddedElements(task.KeyDimension),
            ValueElements = CacheRows.PaddedElements(task.ValueDimension),
            Scores = (float*)memory,
        };
        scratch.Factors = scratch.Scores + (GroupRows * BlockSlots);
        scratch.Positions = (int*)(scratch.Factors + 16);
        scratch.States = (float*)(scratch.Positions + BlockSlots);
        scratch.Queries = scratch.States + (states * AttentionState.Floats(task.ValueDimension));
        nint left = (ExactAttention.ScratchBytes - (nint)((byte*)scratch.Queries - memory)) / sizeof(float);
        scratch.QueryRows = (int)(left / scratch.KeyElements);
        return scratch;
    }
}
