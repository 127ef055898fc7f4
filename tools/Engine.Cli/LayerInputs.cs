using Engine.Attention.Hyper;
using Engine.Memory;

namespace Engine.Cli;

/// <summary>Queries, keys and values of one head that a measurement of attention makes up.</summary>
internal sealed unsafe class LayerInputs : IDisposable
{
    /// <summary>Head dimension of the measurements, the paper's.</summary>
    public const int Dimension = 64;

    /// <summary>Kinds: normal numbers; queries near centres that keys share; and keys of which the first takes most of
    /// the weight. Values have a mean, as real ones do: without it, an average over all of them is nothing but noise.
    /// </summary>
    public static readonly string[] Kinds = ["gaussian", "clustered", "sink-heavy"];

    private const int Clusters = 64;

    public LayerInputs(int count)
    {
        Count = count;
        Queries = new AlignedBuffer<float>((nint)count * Dimension);
        Keys = new AlignedBuffer<float>((nint)count * Dimension);
        Values = new AlignedBuffer<float>((nint)count * Dimension);
    }

    public int Count { get; }

    public AlignedBuffer<float> Queries { get; }

    public AlignedBuffer<float> Keys { get; }

    public AlignedBuffer<float> Values { get; }

    public long Bytes => 3L * Count * Dimension * sizeof(float);

    /// <summary>Fills all with the numbers of a head; the same for the same arguments.</summary>
    public void Fill(string kind, int head)
    {
        Normal(Queries, head, 0);
        Normal(Keys, head, 1);
        Normal(Values, head, 2);
        ulong mean = HyperRandom.Key(17, head, 0);
        for (nint i = 0; i < Values.Count; i++)
        {
            Values.Pointer[i] = (float)((Values.Pointer[i] * 0.5)
                + ((HyperRandom.Uniform(mean, (int)(i % Dimension)) - 0.5) * 3.4641016));
        }

        if (kind == "clustered") Cluster(head);
        if (kind == "sink-heavy") MakeSink();
    }

    public void Dispose()
    {
        Queries.Dispose();
        Keys.Dispose();
        Values.Dispose();
    }

    /// <summary>Sums of four uniform numbers: near enough to normal, and quick for many millions.</summary>
    private static void Normal(AlignedBuffer<float> buffer, int head, int which)
    {
        ulong state = HyperRandom.Key(7, head, which);
        // A sum of four has variance 1/3.
        const double Factor = 1.7320508075688772;
        for (nint i = 0; i < buffer.Count; i++)
        {
            state = (state * 6364136223846793005) + 1442695040888963407;
            ulong bits = state ^ state >> 29;
            double sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48);
            buffer.Pointer[i] = (float)(((sum / 65536) - 2) * Factor);
        }
    }

    /// <summary>Half of each row's length comes from one of a few centres: attention then has large entries that no
    /// sample finds.</summary>
    private void Cluster(int head)
    {
        ulong key = HyperRandom.Key(11, head, 0);
        for (int row = 0; row < Count; row++)
        {
            int ofQuery = (int)(HyperRandom.Uniform(key, 2 * row) * Clusters);
            int ofKey = (int)(HyperRandom.Uniform(key, (2 * row) + 1) * Clusters);
            for (int k = 0; k < Dimension; k++)
            {
                Mix(ref Queries.Pointer[((nint)row * Dimension) + k], Centre(head, ofQuery, k));
                Mix(ref Keys.Pointer[((nint)row * Dimension) + k], Centre(head, ofKey, k));
            }
        }

        static void Mix(ref float x, double centre) => x = (float)((x * 0.7) + (centre * 1.2));

        static double Centre(int head, int cluster, int k) =>
            (HyperRandom.Uniform(HyperRandom.Key(13, head, cluster), k) - 0.5) * 3.4641016;
    }

    /// <summary>The first key lies along a direction that all queries share: its score is some ten above the others,
    /// which have the rest of the weight.</summary>
    private void MakeSink()
    {
        for (int row = 0; row < Count; row++) Queries.Pointer[(nint)row * Dimension] = 8;
        for (int row = 0; row < Count; row++) Keys.Pointer[(nint)row * Dimension] = 0;
        new Span<float>(Keys.Pointer, Dimension).Clear();
        // Score 8 · x / √64: e^(ln n + 4) beside n others whose mean is about e^0.5.
        Keys.Pointer[0] = (float)Math.Log(Count) + 4;
    }
}
