using Engine.Attention.Hyper;

namespace Engine.Bench;

/// <summary>KDEformer (Zandieh et al., arXiv 2302.02451), HyperAttention's predecessor, for comparison: large entries
/// by the same sorted buckets, and one sample of keys for all queries, drawn with probabilities that follow the norms
/// of the softmax matrix's columns.</summary>
/// <remarks>Plain double precision, not tuned: its error is compared, not its time. The norms, which the paper takes
/// from a kernel density estimate, are estimated here from as many exact rows as there are samples, so that it has its
/// budget once more.</remarks>
internal sealed class KdeFormer(LayerMemory memory, HyperSettings settings)
{
    private readonly int n = memory.Count;
    private readonly int d = memory.Dimension;

    /// <summary>Unmasked attention of all queries, [n][d].</summary>
    public double[] Attend(byte[] queryRanks, byte[] keyRanks)
    {
        int[] keys = Order(keyRanks), queries = Order(queryRanks);
        double[] cumulative = Cumulative();
        (int[] samples, double[] weights) = Draw(cumulative);
        var output = new double[n * d];
        int blocks = (n + settings.Block - 1) / settings.Block;
        var placeOf = new int[n];
        for (int i = 0; i < n; i++) placeOf[keys[i]] = i;
        for (int block = 0; block < blocks; block++)
        {
            int firstKey = block * settings.Block, endKey = Math.Min(n, firstKey + settings.Block);
            for (int i = (int)((long)block * n / blocks); i < (long)(block + 1) * n / blocks; i++)
            {
                int query = queries[i];
                double total = 0;
                for (int place = firstKey; place < endKey; place++) Add(query, keys[place], 1, output, ref total);
                for (int t = 0; t < samples.Length; t++)
                {
                    int place = placeOf[samples[t]];
                    if (place < firstKey || place >= endKey) Add(query, samples[t], weights[t], output, ref total);
                }

                for (int k = 0; k < d; k++) output[(query * d) + k] /= total;
            }
        }

        return output;
    }

    private static int[] Order(byte[] ranks)
    {
        int[] order = [.. Enumerable.Range(0, ranks.Length)];
        // Stable, as the counting sort is.
        return [.. order.OrderBy(index => ranks[index])];
    }

    private void Add(int query, int key, double weight, double[] output, ref double total)
    {
        double e = weight * Math.Exp(memory.Score(query, key));
        total += e;
        for (int k = 0; k < d; k++) output[(query * d) + k] += e * memory.Value(key, k);
    }

    /// <summary>Running sums of the sampling probabilities: squared norms of the columns among some exact rows, and of
    /// the values, half each.</summary>
    private double[] Cumulative()
    {
        var columns = new double[n];
        int rows = Math.Min(n, settings.Samples);
        for (int row = 0; row < rows; row++)
        {
            int query = (int)((long)row * n / rows);
            var weights = new double[n];
            double total = 0;
            for (int key = 0; key < n; key++) total += weights[key] = Math.Exp(memory.Score(query, key));
            for (int key = 0; key < n; key++) columns[key] += weights[key] / total * (weights[key] / total);
        }

        double columnSum = columns.Sum(), valueSum = 0;
        var values = new double[n];
        for (int key = 0; key < n; key++)
        {
            for (int k = 0; k < d; k++) values[key] += memory.Value(key, k) * memory.Value(key, k);
            valueSum += values[key];
        }

        var cumulative = new double[n + 1];
        for (int key = 0; key < n; key++)
            cumulative[key + 1] = cumulative[key] + (0.5 * columns[key] / columnSum) + (0.5 * values[key] / valueSum);
        return cumulative;
    }

    private (int[] Samples, double[] Weights) Draw(double[] cumulative)
    {
        int m = settings.Samples;
        ulong key = HyperRandom.Key(settings.Seed, -2, n);
        var samples = new int[m];
        var weights = new double[m];
        for (int t = 0; t < m; t++)
        {
            double u = (t + HyperRandom.Uniform(key, t)) / m * cumulative[n];
            int found = Array.BinarySearch(cumulative, u);
            samples[t] = Math.Clamp(found < 0 ? ~found - 1 : found, 0, n - 1);
            weights[t] = cumulative[n] / (m * (cumulative[samples[t] + 1] - cumulative[samples[t]]));
        }

        return (samples, weights);
    }
}
