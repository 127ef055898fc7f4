using System.Runtime.CompilerServices;
using Engine.Isa;
using Engine.Kernels;

namespace Engine.Attention.Hyper;

/// <summary>The loops of HyperAttention, written once, on the tiles of exact attention.</summary>
internal sealed unsafe partial class HyperAttention<W, V> : HyperAttention
    where W : struct, IFloatWords<V>
    where V : unmanaged
{
    private const int TileRows = 4;
    private const int TileSlots = PackedKeys.TileSlots;
    private const int ScoreSlots = ScoreTiles * TileSlots;

    public override ExactAttention Exact { get; } = new ExactAttention<W, V>();

    public override void AttendBlock(HyperNode node, int block, in HyperKeys keys, HyperQueries queries,
        HyperScratch scratch)
    {
        int begin = node.Cuts[block], end = node.Cuts[block + 1];
        if (begin == end) return;
        node.OwnKeys(block, out int firstKey, out int endKey);
        TileSpan own = OwnTiles(node, firstKey, endKey, keys, queries, scratch);
        PrefetchNext(node, block + 1, keys);
        bool sampled = node.SampleCount > 0 && SetBias(node, firstKey, endKey, scratch.Bias);
        for (int first = begin; first < end; first += HyperScratch.BatchRows)
        {
            int* rows = node.QueryOrder + first;
            int count = Math.Min(HyperScratch.BatchRows, end - first);
            Gather(queries, rows, count, scratch);
            PrefetchNext(queries, rows + count, Math.Min(HyperScratch.BatchRows, end - first - count));
            Stream(own, null, keys, queries, count, scratch);
            if (sampled) Stream(node.SampleTiles, scratch.Bias, keys, queries, count, scratch);
            Scatter(queries, rows, count, scratch);
        }
    }

    /// <summary>Keys [first, end) of the order as tiles.</summary>
    private static TileSpan OwnTiles(HyperNode node, int first, int end, in HyperKeys keys, HyperQueries queries,
        HyperScratch scratch)
    {
        int skipped = node.TilesAreAligned ? first % TileSlots : 0, begin = first - skipped;
        if (node.Tiles.Keys != null)
        {
            return new TileSpan(node.Tiles.Keys + ((nint)begin * queries.KeyElements),
                node.Tiles.Values + ((nint)begin * queries.ValueElements)) { Count = end - begin, Skipped = skipped };
        }

        TileSpan own = scratch.Own.First(end - begin, skipped);
        PackTiles(keys, node.KeyOrder + begin, end - begin, own, scratch.Rows);
        return own;
    }

    /// <summary>The log-weight of each sample, in base 2; −∞ where it lies in the block's own keys, as it would count
    /// twice. False if that leaves none.</summary>
    private static bool SetBias(HyperNode node, int firstKey, int endKey, float* bias)
    {
        int count = node.SampleCount;
        float weight = (float)Math.Log2((double)node.Range.Keys / count);
        bool any = false;
        for (int t = 0; t < count; t++)
        {
            bool own = node.Samples[t] >= firstKey && node.Samples[t] < endKey;
            bias[t] = own ? float.NegativeInfinity : weight;
            any |= !own;
        }

        for (int t = count; t < PackedKeys.PaddedSlots(count); t++) bias[t] = float.NegativeInfinity;
        return any;
    }

    private static void Gather(HyperQueries queries, int* rows, int count, HyperScratch scratch)
    {
        int keyElements = queries.KeyElements, valueElements = queries.ValueElements;
        for (int i = 0; i < count; i++)
        {
            if (i + PrefetchedRows < count)
            {
                int next = rows[i + PrefetchedRows];
                Prefetch(queries.Scaled(next), keyElements * sizeof(float));
                Prefetch(queries.Sums(next), valueElements * sizeof(float));
            }

            int row = rows[i];
            Copy(queries.Scaled(row), scratch.Queries + (i * keyElements), keyElements);
            Copy(queries.Sums(row), scratch.Sums + (i * valueElements), valueElements);
            scratch.Largest[i] = queries.Largest[row];
            scratch.Total[i] = queries.Total[row];
        }
    }

    private static void Scatter(HyperQueries queries, int* rows, int count, HyperScratch scratch)
    {
        int valueElements = queries.ValueElements;
        for (int i = 0; i < count; i++)
        {
            int row = rows[i];
            Copy(scratch.Sums + (i * valueElements), queries.Sums(row), valueElements);
            queries.Largest[row] = scratch.Largest[i];
            queries.Total[row] = scratch.Total[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(float* source, float* destination, int n)
    {
        for (int k = 0; k < n; k += W.Count) W.Store(W.Load(source + k), destination + k);
    }

    /// <summary>Streams packed keys into the states of the batch.</summary>
    /// <remarks>A tile of keys, or of values, stays in the first cache while all rows pass; four tiles share a softmax
    /// step, which a quarter as often looks for the largest score and scales the sums.</remarks>
    private static void Stream(in TileSpan packed, float* bias, in HyperKeys keys, HyperQueries queries, int count,
        HyperScratch scratch)
    {
        for (int begin = 0; begin < packed.Count; begin += ScoreSlots)
        {
            int slots = Math.Min(ScoreSlots, packed.Count - begin), padded = PackedKeys.PaddedSlots(slots);
            for (int tile = 0; tile < padded; tile += TileSlots)
            {
                Score(packed.Keys + ((nint)(begin + tile) * queries.KeyElements), keys.KeyDimension,
                    queries.KeyElements, count, tile, scratch);
            }

            for (int row = 0; row < count; row++)
            {
                float* scores = scratch.Scores + (row * ScoreSlots);
                Adjust(scores, slots, padded, keys.SoftCap, bias == null ? null : bias + begin);
                for (int s = begin; s < packed.Skipped; s++) scores[s] = float.NegativeInfinity;
                scratch.Factors[row] = Softmax(scores, padded, ref scratch.Largest[row], ref scratch.Total[row]);
            }

            for (int tile = 0; tile < slots; tile += TileSlots)
            {
                float* values = packed.Values + ((nint)(begin + tile) * queries.ValueElements);
                Accumulate(values, Math.Min(TileSlots, slots - tile), queries.ValueElements, count,
                    tile, scratch);
            }
        }
    }

    private static void Score(float* keys, int dimension, int elements, int count, int tile, HyperScratch scratch)
    {
        for (int row = 0; row < count; row += TileRows)
        {
            ExactAttention<W, V>.Multiply<ExactAttention<W, V>.FromZero>(scratch.Queries + (row * elements), elements,
                1, dimension, keys, TileSlots, scratch.Scores + (row * ScoreSlots) + tile, ScoreSlots, TileSlots, null);
        }
    }

    private static void Accumulate(float* values, int slots, int elements, int count, int tile, HyperScratch scratch)
    {
        for (int row = 0; row < count; row += TileRows)
        {
            ExactAttention<W, V>.Multiply<ExactAttention<W, V>.FromRows>(scratch.Scores + (row * ScoreSlots) + tile,
                ScoreSlots, 1, slots, values, elements, scratch.Sums + (row * elements), elements, elements,
                tile == 0 ? scratch.Factors + row : scratch.Ones);
        }
    }

    /// <summary>Soft-cap and log-weights; slots beyond the last are hidden.</summary>
    private static void Adjust(float* scores, int slots, int padded, float softCap, float* bias)
    {
        if (softCap > 0)
        {
            V caps = W.Broadcast(softCap * 1.4426950408889634f);
            for (int s = 0; s < padded; s += W.Count)
                W.Store(W.Multiply(caps, FloatMath<W, V>.Tanh(W.Load(scores + s))), scores + s);
        }

        if (bias != null)
        {
            for (int s = 0; s < padded; s += W.Count)
                W.Store(W.Add(W.Load(scores + s), W.Load(bias + s)), scores + s);
        }

        for (int s = slots; s < padded; s++) scores[s] = float.NegativeInfinity;
    }

    /// <summary>Turns scores into weights and brings the state forward; returns the factor of its sums.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float Softmax(float* scores, int n, ref float largest, ref float total)
    {
        // Two chains each, as one would wait for itself; n is a multiple of the tile.
        V most = W.Broadcast(largest), more = most;
        for (int s = 0; s < n; s += 2 * W.Count)
        {
            most = W.Max(most, W.Load(scores + s));
            more = W.Max(more, W.Load(scores + s + W.Count));
        }

        float max = W.MaxAcross(W.Max(most, more));
        V maxima = W.Broadcast(max), sum = W.Broadcast(0f), other = sum;
        for (int s = 0; s < n; s += 2 * W.Count)
        {
            V weight = FloatMath<W, V>.Exp2(W.Subtract(W.Load(scores + s), maxima));
            V next = FloatMath<W, V>.Exp2(W.Subtract(W.Load(scores + s + W.Count), maxima));
            W.Store(weight, scores + s);
            W.Store(next, scores + s + W.Count);
            sum = W.Add(sum, weight);
            other = W.Add(other, next);
        }

        float factor = FloatMath<FloatWordsScalar, float>.Exp2(largest - max);
        largest = max;
        total = (total * factor) + W.Sum(W.Add(sum, other));
        return factor;
    }
}
