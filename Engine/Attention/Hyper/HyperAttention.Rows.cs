using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Engine.Cache;

namespace Engine.Attention.Hyper;

/// <summary>Passes over single rows: projections, scaled queries, tiles of keys that lie apart.</summary>
internal sealed unsafe partial class HyperAttention<W, V>
{
    /// <summary>Sorted rows lie apart, where no hardware foresees them: so many are asked for ahead.</summary>
    private const int PrefetchedRows = 8;

    /// <remarks>Hyperplanes lie in the lanes, so that no sum goes across them; four rows hide the latency. Each row's
    /// sum runs in the order of elements whatever its company.</remarks>
    public override void Project(float* rows, nint rowStride, int count, HyperPlanes planes, float* projections)
    {
        for (int row = 0; row < count; row += 4)
        {
            float* x = rows + (row * rowStride), output = projections + (row * HyperPlanes.Width);
            // Where fewer than four are left the last stands in for the rest and is written again.
            nint a = Math.Min(1, count - 1 - row), b = Math.Min(2, count - 1 - row), c = Math.Min(3, count - 1 - row);
            for (int column = 0; column < HyperPlanes.Width; column += W.Count)
            {
                V s0 = W.Broadcast(0f), s1 = s0, s2 = s0, s3 = s0;
                for (int k = 0; k < planes.Dimension; k++)
                {
                    V plane = W.Load(planes.Pointer + (k * HyperPlanes.Width) + column);
                    s0 = W.MultiplyAdd(W.Broadcast(x[k]), plane, s0);
                    s1 = W.MultiplyAdd(W.Broadcast(x[(a * rowStride) + k]), plane, s1);
                    s2 = W.MultiplyAdd(W.Broadcast(x[(b * rowStride) + k]), plane, s2);
                    s3 = W.MultiplyAdd(W.Broadcast(x[(c * rowStride) + k]), plane, s3);
                }

                W.Store(s0, output + column);
                W.Store(s1, output + (a * HyperPlanes.Width) + column);
                W.Store(s2, output + (b * HyperPlanes.Width) + column);
                W.Store(s3, output + (c * HyperPlanes.Width) + column);
            }
        }
    }

    public override IKeyChoice Choice(HyperSettings settings, int largestKeys, int largestQueries, int keyElements,
        int valueElements) => settings.Choice == KeyChoiceKind.Buckets ? new BucketChoice()
            : new DiagonalChoice<W, V>(settings, largestKeys, largestQueries, keyElements, valueElements);

    public override void Scale(float* query, int n, float factor, float* destination, int padded)
    {
        int k = 0;
        V factors = W.Broadcast(factor);
        for (; k <= n - W.Count; k += W.Count) W.Store(W.Multiply(W.Load(query + k), factors), destination + k);
        for (; k < n; k++) destination[k] = query[k] * factor;
        for (; k < padded; k++) destination[k] = 0;
    }

    public override void PackSamples(HyperNode node, in HyperKeys keys, HyperScratch scratch)
    {
        // The positions in the order become slots for the time of packing; the bias is not in use yet.
        int* slots = (int*)scratch.Bias;
        for (int t = 0; t < node.SampleCount; t++) slots[t] = node.KeyOrder[node.Samples[t]];
        node.SampleTiles = node.OwnSamples.First(node.SampleCount);
        PackTiles(keys, slots, node.SampleCount, node.SampleTiles, scratch.Rows);
    }

    public override void Pack(in HyperKeys keys, int* slots, int count, in TileSpan tiles, float* rows) =>
        PackTiles(keys, slots, count, tiles, rows);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(void* row, nint bytes)
    {
        if (!Sse.IsSupported) return;
        for (nint line = 0; line < bytes; line += 64) Sse.Prefetch0((byte*)row + line);
    }

    /// <summary>Asks for the rows of the next batch, which have until this one is done to come into the second cache.
    /// </summary>
    private static void PrefetchNext(HyperQueries queries, int* rows, int count)
    {
        if (!Sse.IsSupported) return;
        for (int i = 0; i < count; i++)
        {
            byte* scaled = (byte*)queries.Scaled(rows[i]), sums = (byte*)queries.Sums(rows[i]);
            for (int line = 0; line < queries.KeyElements * sizeof(float); line += 64) Sse.Prefetch1(scaled + line);
            for (int line = 0; line < queries.ValueElements * sizeof(float); line += 64) Sse.Prefetch1(sums + line);
        }
    }

    /// <summary>The same for the keys of the next block.</summary>
    private static void PrefetchNext(HyperNode node, int block, in HyperKeys keys)
    {
        if (!Sse.IsSupported || block >= node.Blocks || node.Cuts[block] == node.Cuts[block + 1]) return;
        // Tiles that are shared lie one after the other, which the hardware foresees.
        if (node.Tiles.Keys != null) return;
        node.OwnKeys(block, out int begin, out int end);
        for (int i = begin; i < end; i++)
        {
            nint slot = node.KeyOrder[i];
            byte* key = keys.Keys + (slot * keys.KeyRowBytes), value = keys.Values + (slot * keys.ValueRowBytes);
            for (nint line = 0; line < keys.KeyRowBytes; line += 64) Sse.Prefetch1(key + line);
            for (nint line = 0; line < keys.ValueRowBytes; line += 64) Sse.Prefetch1(value + line);
        }
    }

    /// <summary>sums[k] += Σ rows[·][k] over a few rows, in single precision.</summary>
    public override void AddRows(float* rows, nint rowStride, int count, int n, double* sums)
    {
        int k = 0;
        float* lanes = stackalloc float[16];
        for (; k <= n - W.Count; k += W.Count)
        {
            V sum = W.Broadcast(0f);
            for (int row = 0; row < count; row++) sum = W.Add(sum, W.Load(rows + (row * rowStride) + k));
            W.Store(sum, lanes);
            for (int i = 0; i < W.Count; i++) sums[k + i] += lanes[i];
        }

        for (; k < n; k++)
            for (int row = 0; row < count; row++) sums[k] += rows[(row * rowStride) + k];
    }

    /// <summary>Gathers keys and values of the given slots into tiles.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void PackTiles(in HyperKeys keys, int* slots, int count, in TileSpan tiles, float* rows)
    {
        int keyElements = CacheRows.PaddedElements(keys.KeyDimension);
        int valueElements = CacheRows.PaddedElements(keys.ValueDimension);
        for (int begin = 0; begin < count; begin += W.Count)
        {
            int few = Math.Min(W.Count, count - begin);
            for (int i = 0; i < few; i++)
            {
                if (begin + i + PrefetchedRows < count)
                {
                    nint next = slots[begin + i + PrefetchedRows];
                    Prefetch(keys.Keys + (next * keys.KeyRowBytes), keys.KeyRowBytes);
                    Prefetch(keys.Values + (next * keys.ValueRowBytes), keys.ValueRowBytes);
                }

                nint slot = slots[begin + i];
                ExactAttention<W, V>.Widen(keys.Keys + (slot * keys.KeyRowBytes), keys.KeyRowBytes, keys.KeyType, 1,
                    keyElements, rows + (i * keyElements));
                ExactAttention<W, V>.Widen(keys.Values + (slot * keys.ValueRowBytes), keys.ValueRowBytes,
                    keys.ValueType, 1, valueElements, tiles.Values + ((nint)(begin + i) * valueElements));
            }

            float* tile = tiles.Keys + ((nint)(begin / TileSlots * TileSlots) * keyElements) + (begin % TileSlots);
            for (int element = 0; element < keyElements; element += 4)
            {
                W.TransposeColumns(rows + element, keyElements, tile + (element * TileSlots), TileSlots);
            }
        }
    }
}
