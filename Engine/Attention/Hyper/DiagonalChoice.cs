using Engine.Isa;
using Engine.Kernels;
using Engine.Memory;

namespace Engine.Attention.Hyper;

/// <summary>Large entries by strided antidiagonals (XAttention, arXiv 2503.16428): of each square of S × S scores, S on
/// an antidiagonal are summed, which touches every row and column once, for an S-th of the exact cost. Queries go in
/// chunks of neighbours to the block of neighbouring keys with the largest share of their softmax over these sums.
/// </summary>
/// <remarks>For comparison: even at S = 8 it costs n²/8, so it does not scale as buckets do, and a chunk's choice
/// depends on which queries come together.</remarks>
internal sealed unsafe class DiagonalChoice<W, V> : IKeyChoice
    where W : struct, IFloatWords<V>
    where V : unmanaged
{
    private const int Stride = 8;
    private const int ChunkRows = 64;
    private const int ChunkGroups = ChunkRows / Stride;
    private const int TileGroups = PackedKeys.TileSlots;

    private readonly PackedKeys tile;
    private readonly AlignedBuffer<float> shares;
    private readonly AlignedBuffer<float> scores;
    private readonly AlignedBuffer<float> rows;
    private readonly AlignedBuffer<int> slots;
    private readonly int[] chosen;
    private readonly Func<int, int> blockOfQuery;
    private int firstQuery;

    public DiagonalChoice(HyperSettings settings, int largestKeys, int largestQueries, int keyElements,
        int valueElements)
    {
        int blocks = (largestKeys / Math.Max(1, settings.Block)) + 1;
        tile = new PackedKeys(Stride * TileGroups, keyElements, valueElements);
        shares = new AlignedBuffer<float>((((nint)largestQueries / Stride) + 1) * blocks);
        scores = new AlignedBuffer<float>(4 * TileGroups);
        rows = new AlignedBuffer<float>(16 * keyElements);
        slots = new AlignedBuffer<int>(Stride * TileGroups);
        chosen = new int[(largestQueries / ChunkRows) + 1];
        blockOfQuery = query => chosen[(query - firstQuery) / ChunkRows];
    }

    public long Bytes => shares.Count * sizeof(float);

    public void Arrange(HyperNode node, in HyperKeys keys, HyperQueries queries)
    {
        NodeRange range = node.Range;
        firstQuery = range.FirstQuery;
        for (int i = 0; i < range.Keys; i++) node.KeyOrder[i] = range.FirstKey + i;
        node.CutKeys(node.Settings.Block);
        int groups = range.Queries / Stride;
        new Span<float>(shares.Pointer, groups * node.Blocks).Clear();
        // Fewer groups than a register tile has rows are not worth a choice: they take the nearest keys.
        if (groups >= 4)
        {
            for (int first = 0; first < range.Keys / Stride; first += TileGroups)
                ScoreTile(node, keys, queries, first, groups);
        }

        for (int chunk = 0; chunk * ChunkRows < range.Queries; chunk++)
        {
            int begin = chunk * ChunkGroups, end = Math.Min(groups, begin + ChunkGroups);
            chosen[chunk] = groups < 4 || begin == end ? node.Blocks - 1 : Best(begin, end, node.Blocks);
        }

        node.OrderQueries(blockOfQuery);
    }

    public void Dispose()
    {
        tile.Dispose();
        shares.Dispose();
        scores.Dispose();
        rows.Dispose();
        slots.Dispose();
    }

    /// <summary>Antidiagonal sums of all query groups with 64 key groups: one product of matrices over rows S times as
    /// long, the keys of a group in reverse order.</summary>
    private void ScoreTile(HyperNode node, in HyperKeys keys, HyperQueries queries, int first, int groups)
    {
        NodeRange range = node.Range;
        int keyGroups = Math.Min(TileGroups, (range.Keys / Stride) - first);
        for (int s = 0; s < Stride; s++)
        {
            for (int group = 0; group < TileGroups; group++)
            {
                int key = ((first + Math.Min(group, keyGroups - 1)) * Stride) + Stride - 1 - s;
                slots.Pointer[(s * TileGroups) + group] = range.FirstKey + key;
            }
        }

        TileSpan packed = tile.First(Stride * TileGroups);
        HyperAttention<W, V>.PackTiles(keys, slots.Pointer, Stride * TileGroups, packed, rows.Pointer);
        nint length = (nint)Stride * queries.KeyElements;
        for (int group = 0; group < groups; group += 4)
        {
            // The last four may have been counted in part: they are computed again and only the new ones added.
            int from = Math.Min(group, groups - 4);
            ExactAttention<W, V>.Multiply<ExactAttention<W, V>.FromZero>(
                queries.Scaled(range.FirstQuery + (from * Stride)), length, 1, (int)length, tile.Keys(0), TileGroups,
                scores.Pointer, TileGroups, TileGroups, null);
            for (int i = group; i < from + 4; i++)
                AddShares(scores.Pointer + ((i - from) * TileGroups), first, keyGroups, i, node);
        }
    }

    private void AddShares(float* sums, int first, int keyGroups, int group, HyperNode node)
    {
        // The mean over the antidiagonal; bounded, so that no power overflows, rather than by the running largest.
        V factor = W.Broadcast(1f / Stride), bound = W.Broadcast(100f);
        for (int i = 0; i < TileGroups; i += W.Count)
        {
            V mean = W.Min(bound, W.Multiply(W.Load(sums + i), factor));
            W.Store(FloatMath<W, V>.Exp2(mean), sums + i);
        }

        float* own = shares.Pointer + ((nint)group * node.Blocks);
        int block = Math.Max(1, node.Settings.Block);
        for (int i = 0; i < keyGroups; i++)
            own[Math.Min((first + i) * Stride / block, node.Blocks - 1)] += sums[i];
    }

    /// <summary>The block with the largest sum of the groups' shares.</summary>
    private int Best(int begin, int end, int blocks)
    {
        float* summed = shares.Pointer + ((nint)begin * blocks);
        for (int group = begin; group < end; group++)
        {
            float* own = shares.Pointer + ((nint)group * blocks);
            double total = 0;
            for (int block = 0; block < blocks; block++) total += own[block];
            float factor = total > 0 ? (float)(1 / total) : 0;
            for (int block = 0; block < blocks; block++)
                summed[block] = (group == begin ? 0 : summed[block]) + (own[block] * factor);
        }

        int best = blocks - 1;
        for (int block = 0; block < blocks; block++)
            if (summed[block] > summed[best]) best = block;
        return best;
    }
}
