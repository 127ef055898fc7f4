using Engine.Memory;

namespace Engine.Attention.Hyper;

/// <summary>Large entries by locality-sensitive hashing: keys sorted by rank, and each query at the keys of about its
/// own rank (sortLSH).</summary>
internal sealed unsafe class BucketChoice : IKeyChoice
{
    private const int Buckets = 1 << HyperSettings.LargestHyperplanes;

    private readonly AlignedBuffer<int> counts = new(2 * Buckets);

    public void Arrange(HyperNode node, in HyperKeys keys, HyperQueries queries)
    {
        NodeRange range = node.Range;
        HyperSettings settings = node.Settings;
        int* keyEnds = counts.Pointer;
        Sort(keys.Ranks, range.FirstKey, range.EndKey, keyEnds, node.KeyOrder);
        // Where a query chooses by its bucket, blocks overlap by half: at least a quarter of a block then lies on
        // either side of the bucket's middle.
        node.CutKeys(settings.OwnBucket ? Step(settings) : settings.Block);
        if (settings.OwnBucket)
        {
            BlocksOfRanks(settings, range.Keys, keyEnds, counts.Pointer + Buckets);
            node.OrderQueries(counts.Pointer + Buckets, queries.Ranks);
            return;
        }

        Sort(queries.Ranks, range.FirstQuery, range.EndQuery, counts.Pointer + Buckets, node.QueryOrder);
        for (int i = 0; i <= node.Blocks; i++) node.Cuts[i] = (int)((long)i * range.Queries / node.Blocks);
    }

    public long Bytes => 0;

    public void Dispose() => counts.Dispose();

    /// <summary>Stable counting sort by rank; <paramref name="ends"/>[r] becomes the end of bucket r.</summary>
    public static void Sort(byte* ranks, int begin, int end, int* ends, int* order)
    {
        new Span<int>(ends, Buckets).Clear();
        for (int i = begin; i < end; i++) ends[ranks[i]]++;
        int sum = 0;
        for (int rank = 0; rank < Buckets; rank++)
        {
            int count = ends[rank];
            ends[rank] = sum;
            sum += count;
        }

        for (int i = begin; i < end; i++) order[ends[ranks[i]]++] = i;
    }

    /// <summary>How far apart blocks begin where queries choose by their bucket.</summary>
    public static int Step(HyperSettings settings) => Math.Max(1, settings.Block / 2);

    /// <summary>A query goes to the block whose middle is nearest to the middle of its bucket.</summary>
    public static void BlocksOfRanks(HyperSettings settings, int keys, int* keyEnds, int* blockOfRank)
    {
        int block = settings.Block, step = Step(settings), blocks = HyperNode.BlocksOf(keys, block, step);
        for (int rank = 0; rank < Buckets; rank++)
        {
            int middle = ((rank == 0 ? 0 : keyEnds[rank - 1]) + keyEnds[rank]) / 2;
            blockOfRank[rank] = Math.Clamp((middle - (block / 2) + (step / 2)) / step, 0, blocks - 1);
        }
    }
}
