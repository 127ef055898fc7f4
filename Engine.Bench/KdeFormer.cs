using System.Numerics;
using Engine.Attention.Hyper;
using Engine.Memory;

namespace Engine.Bench;

/// <summary>KDEformer (Zandieh et al., arXiv 2302.02451), HyperAttention's predecessor, for comparison: large entries
/// by the same sorted buckets, and one sample of keys for all queries, drawn with probabilities that follow the norms
/// of the softmax matrix's columns and of the values.</summary>
/// <remarks>Without mask. The norms, which the paper takes from a kernel density estimate, are estimated here from as
/// many exact rows as there are samples, so that it has its budget once more. Packed keys and vectors, but none of the
/// engine's register tiles: its time tells an order of magnitude.</remarks>
internal sealed unsafe class KdeFormer(HyperSettings settings, int queryCount, int keyCount, int dimension)
    : IDisposable
{
    /// <summary>Vectors of keys that are scored at once.</summary>
    private const int Columns = 4;

    private static readonly int Tile = Columns * Vector<float>.Count;

    private readonly AlignedBuffer<float> keys = new(Padded(keyCount) * dimension);
    private readonly AlignedBuffer<float> values = new((nint)keyCount * dimension);
    private readonly AlignedBuffer<float> sampledKeys = new(Padded(settings.Samples) * dimension);
    private readonly AlignedBuffer<float> sampledValues = new((nint)settings.Samples * dimension);
    private readonly AlignedBuffer<float> weights = new(Padded(Math.Max(settings.Samples, keyCount)));
    private readonly AlignedBuffer<float> scores = new(Padded(keyCount) + Padded(settings.Samples));
    private readonly int[] samples = new int[settings.Samples];

    /// <summary>Attention of all queries into [query][dimension]; the vectors divide the dimension.</summary>
    public void Attend(float* queries, float* keyRows, float* valueRows, ReadOnlySpan<byte> queryRanks,
        ReadOnlySpan<byte> keyRanks, float scale, float* output)
    {
        int[] keyOrder = Order(keyRanks), queryOrder = Order(queryRanks);
        Pack(keyRows, valueRows, keyOrder, keys.Pointer, values.Pointer);
        Draw(Cumulative(queries, scale));
        Pack(keyRows, valueRows, [.. samples.Select(place => keyOrder[place])], sampledKeys.Pointer,
            sampledValues.Pointer);
        // Blocks begin where a tile does, so a block's keys are whole tiles of the packed order.
        int size = (settings.Block + Tile - 1) / Tile * Tile, blocks = (keyCount + size - 1) / size;
        for (int block = 0; block < blocks; block++)
        {
            int first = block * size, end = Math.Min(keyCount, first + size);
            for (int i = (int)((long)block * queryCount / blocks); i < (long)(block + 1) * queryCount / blocks; i++)
                AttendRow(queries + ((nint)queryOrder[i] * dimension), first, end, scale,
                    output + ((nint)queryOrder[i] * dimension));
        }
    }

    public void Dispose()
    {
        foreach (AlignedBuffer<float> one in (AlignedBuffer<float>[])[keys, values, sampledKeys, sampledValues, weights,
            scores])
            one.Dispose();
    }

    private static nint Padded(int count) => (count + Tile - 1) / Tile * Tile;

    private static int[] Order(ReadOnlySpan<byte> ranks)
    {
        byte[] own = ranks.ToArray();
        // Stable, as the counting sort is.
        return [.. Enumerable.Range(0, own.Length).OrderBy(index => own[index])];
    }

    /// <summary>Keys in tiles of [element][lane], values row after row.</summary>
    private void Pack(float* keyRows, float* valueRows, int[] order, float* packed, float* packedValues)
    {
        for (int place = 0; place < order.Length; place++)
        {
            float* key = keyRows + ((nint)order[place] * dimension);
            float* tile = packed + ((nint)(place / Tile * Tile) * dimension) + (place % Tile);
            for (int k = 0; k < dimension; k++) tile[k * Tile] = key[k];
            new ReadOnlySpan<float>(valueRows + ((nint)order[place] * dimension), dimension)
                .CopyTo(new Span<float>(packedValues + ((nint)place * dimension), dimension));
        }
    }

    private void AttendRow(float* query, int first, int end, float scale, float* result)
    {
        int own = end - first, sampled = settings.Samples;
        float* ofSamples = scores.Pointer + Padded(own);
        float largest = Math.Max(Score(query, keys.Pointer + ((nint)first * dimension), own, scale, scores.Pointer),
            Score(query, sampledKeys.Pointer, sampled, scale, ofSamples));
        float total = Exponentials(scores.Pointer, own, largest);
        Exponentials(ofSamples, sampled, largest);
        for (int t = 0; t < sampled; t++)
        {
            // A sample among the block's keys is there already.
            ofSamples[t] *= samples[t] >= first && samples[t] < end ? 0 : weights.Pointer[t];
            total += ofSamples[t];
        }

        new Span<float>(result, dimension).Clear();
        AddValues(scores.Pointer, own, values.Pointer + ((nint)first * dimension), result);
        AddValues(ofSamples, sampled, sampledValues.Pointer, result);
        for (int k = 0; k < dimension; k++) result[k] /= total;
    }

    /// <summary>Scores of a query with packed keys; returns the largest.</summary>
    private float Score(float* query, float* packed, int count, float scale, float* result)
    {
        int lanes = Vector<float>.Count;
        var factor = new Vector<float>(scale);
        for (int first = 0; first < count; first += Tile)
        {
            float* tile = packed + ((nint)first * dimension);
            Vector<float> s0 = default, s1 = default, s2 = default, s3 = default;
            for (int k = 0; k < dimension; k++)
            {
                var q = new Vector<float>(query[k]);
                float* row = tile + (k * Tile);
                s0 = Vector.FusedMultiplyAdd(q, Vector.Load(row), s0);
                s1 = Vector.FusedMultiplyAdd(q, Vector.Load(row + lanes), s1);
                s2 = Vector.FusedMultiplyAdd(q, Vector.Load(row + (2 * lanes)), s2);
                s3 = Vector.FusedMultiplyAdd(q, Vector.Load(row + (3 * lanes)), s3);
            }

            Vector.Store(s0 * factor, result + first);
            Vector.Store(s1 * factor, result + first + lanes);
            Vector.Store(s2 * factor, result + first + (2 * lanes));
            Vector.Store(s3 * factor, result + first + (3 * lanes));
        }

        float largest = float.NegativeInfinity;
        for (int i = 0; i < count; i++) largest = Math.Max(largest, result[i]);
        return largest;
    }

    private static float Exponentials(float* values, int count, float largest)
    {
        var shift = new Vector<float>(largest);
        for (int i = 0; i < count; i += Vector<float>.Count)
            Vector.Store(Vector.Exp(Vector.Load(values + i) - shift), values + i);
        float sum = 0;
        for (int i = 0; i < count; i++) sum += values[i];
        return sum;
    }

    private void AddValues(float* factors, int count, float* rows, float* result)
    {
        int lanes = Vector<float>.Count;
        for (int column = 0; column < dimension; column += lanes)
        {
            // Two sums, as one would wait for itself.
            Vector<float> a = default, b = default;
            int i = 0;
            for (; i + 2 <= count; i += 2)
            {
                a = Vector.FusedMultiplyAdd(new Vector<float>(factors[i]),
                    Vector.Load(rows + ((nint)i * dimension) + column), a);
                b = Vector.FusedMultiplyAdd(new Vector<float>(factors[i + 1]),
                    Vector.Load(rows + (((nint)i + 1) * dimension) + column), b);
            }

            if (i < count)
                a = Vector.FusedMultiplyAdd(new Vector<float>(factors[i]),
                    Vector.Load(rows + ((nint)i * dimension) + column), a);
            Vector.Store(Vector.Load(result + column) + a + b, result + column);
        }
    }

    /// <summary>Running sums of the sampling probabilities by place in the sorted order: squared norms of the columns
    /// among some exact rows, and of the values, half each.</summary>
    private double[] Cumulative(float* queries, float scale)
    {
        var columns = new double[keyCount];
        int rows = Math.Min(queryCount, settings.Samples);
        float* row = scores.Pointer;
        for (int i = 0; i < rows; i++)
        {
            float* query = queries + ((nint)((long)i * queryCount / rows) * dimension);
            float factor = 1 / Exponentials(row, keyCount, Score(query, keys.Pointer, keyCount, scale, row));
            for (int place = 0; place < keyCount; place++)
                columns[place] += row[place] * factor * (double)(row[place] * factor);
        }

        double columnSum = columns.Sum(), valueSum = 0;
        var norms = new double[keyCount];
        for (int place = 0; place < keyCount; place++)
        {
            float* value = values.Pointer + ((nint)place * dimension);
            for (int k = 0; k < dimension; k++) norms[place] += value[k] * (double)value[k];
            valueSum += norms[place];
        }

        var cumulative = new double[keyCount + 1];
        for (int place = 0; place < keyCount; place++)
        {
            cumulative[place + 1] = cumulative[place] + (0.5 * columns[place] / columnSum)
                + (0.5 * norms[place] / valueSum);
        }

        return cumulative;
    }

    private void Draw(double[] cumulative)
    {
        int m = settings.Samples;
        ulong key = HyperRandom.Key(settings.Seed, -2, keyCount);
        for (int t = 0; t < m; t++)
        {
            double u = (t + HyperRandom.Uniform(key, t)) / m * cumulative[keyCount];
            int found = Array.BinarySearch(cumulative, u);
            samples[t] = Math.Clamp(found < 0 ? ~found - 1 : found, 0, keyCount - 1);
            double own = cumulative[samples[t] + 1] - cumulative[samples[t]];
            weights.Pointer[t] = (float)(cumulative[keyCount] / (m * own));
        }
    }
}
