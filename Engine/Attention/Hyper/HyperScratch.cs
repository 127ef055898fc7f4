using Engine.Memory;

namespace Engine.Attention.Hyper;

/// <summary>What one worker needs for a query block: its packed keys, and a few query rows side by side.</summary>
internal sealed unsafe class HyperScratch : IDisposable
{
    /// <summary>Query rows that are taken through all tiles of a block together.</summary>
    public const int BatchRows = 64;

    private readonly AlignedBuffer<float> memory;

    public HyperScratch(HyperSettings settings, int largestKeys, int keyElements, int valueElements)
    {
        // Aligned tiles may begin up to a tile before.
        int largestOwn = Math.Min(settings.LargestOwnKeys, largestKeys) + PackedKeys.TileSlots;
        Own = new PackedKeys(largestOwn, keyElements, valueElements);
        int biasCount = PackedKeys.PaddedSlots(Math.Max(largestOwn, settings.LargestSamples(largestKeys)));
        int scores = BatchRows * PackedKeys.TileSlots * HyperAttention.ScoreTiles;
        memory = new AlignedBuffer<float>((BatchRows * (keyElements + valueElements + 3)) + biasCount + scores
            + (16 * keyElements) + 16);
        Queries = memory.Pointer;
        Sums = Queries + (BatchRows * keyElements);
        Scores = Sums + (BatchRows * valueElements);
        Rows = Scores + scores;
        Factors = Rows + (16 * keyElements);
        Ones = Factors + BatchRows;
        new Span<float>(Ones, 16).Fill(1);
        Bias = Ones + 16;
        Largest = Bias + biasCount;
        Total = Largest + BatchRows;
    }

    /// <summary>The block's own keys.</summary>
    public PackedKeys Own { get; }

    /// <summary>Rows of the batch.</summary>
    public float* Queries { get; }
    public float* Sums { get; }
    public float* Largest { get; }
    public float* Total { get; }

    /// <summary>Scores, then weights, of the batch.</summary>
    public float* Scores { get; }

    /// <summary>16 key rows on their way to a tile.</summary>
    public float* Rows { get; }

    /// <summary>Factor of each row's sums when its largest score has grown.</summary>
    public float* Factors { get; }

    /// <summary>Factors where it has not.</summary>
    public float* Ones { get; }

    /// <summary>What is added to the scores of the samples.</summary>
    public float* Bias { get; }

    public void Dispose()
    {
        memory.Dispose();
        Own.Dispose();
    }
}
