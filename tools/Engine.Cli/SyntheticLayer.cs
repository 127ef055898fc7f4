using Engine.Attention.Hyper;
using Engine.Memory;

namespace Engine.Cli;

/// <summary>Made-up queries, keys and values, the same at every run.</summary>
/// <remarks>Values have a mean, as real ones do: without it, an average over all of them is nothing but noise. All
/// numbers of variance 1 that need not be normal are uniform in ±√3.</remarks>
internal sealed unsafe class SyntheticLayer : LayerSource
{
    /// <summary>Normal numbers; queries near centres that keys share; and first keys that take most of the weight.
    /// </summary>
    public static readonly string[] Kinds = ["gaussian", "clustered", "sinks"];

    /// <summary>Centres of a head's clusters.</summary>
    public const int Clusters = 64;

    /// <summary>First keys that take most of the weight.</summary>
    public const int SinkKeys = 4;

    /// <summary>Part of the weight that all other keys share, about.</summary>
    public const double BesideSinks = 0.05;

    private const int Dimension = LayerInputs.Dimension;
    private const double RootThree = 1.7320508075688772;

    private SyntheticLayer(string name) => Name = name;

    public override string Name { get; }

    public override int Heads => int.MaxValue;

    public override int Length => int.MaxValue;

    public override float Scale => 1 / MathF.Sqrt(Dimension);

    /// <summary>A kind by its name; null if there is none.</summary>
    public static SyntheticLayer? Find(string name) =>
        Kinds.Contains(name) ? new SyntheticLayer(name) : name == "sink-heavy" ? new SyntheticLayer("sinks") : null;

    public override void Fill(LayerInputs inputs, int head)
    {
        Normal(inputs.Queries, head, 0);
        Normal(inputs.Keys, head, 1);
        Normal(inputs.Values, head, 2);
        ulong mean = HyperRandom.Key(17, head, 0);
        for (nint i = 0; i < inputs.Values.Count; i++)
        {
            inputs.Values.Pointer[i] = (float)((inputs.Values.Pointer[i] * 0.5)
                + Uniform(mean, (int)(i % Dimension)));
        }

        if (Name == "clustered") Cluster(inputs, head);
        if (Name == "sinks") MakeSinks(inputs);
    }

    /// <summary>A number of mean 0 and variance 1.</summary>
    private static double Uniform(ulong key, int counter) => (HyperRandom.Uniform(key, counter) - 0.5) * 2 * RootThree;

    /// <summary>Sums of four uniform numbers: near enough to normal, and quick for many millions.</summary>
    private static void Normal(AlignedBuffer<float> buffer, int head, int which)
    {
        ulong state = HyperRandom.Key(7, head, which);
        for (nint i = 0; i < buffer.Count; i++)
        {
            state = (state * 6364136223846793005) + 1442695040888963407;
            ulong bits = state ^ state >> 29;
            double sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48);
            // A sum of four has variance 1/3.
            buffer.Pointer[i] = (float)(((sum / 65536) - 2) * RootThree);
        }
    }

    /// <summary>Each row is 1.2 centre + 0.7 noise, the centre one of a few that queries and keys share: attention then
    /// has large entries that no sample finds, one key in as many as there are centres.</summary>
    private static void Cluster(LayerInputs inputs, int head)
    {
        ulong key = HyperRandom.Key(11, head, 0);
        var centres = new double[Clusters, Dimension];
        for (int cluster = 0; cluster < Clusters; cluster++)
        {
            for (int k = 0; k < Dimension; k++)
                centres[cluster, k] = Uniform(HyperRandom.Key(13, head, cluster), k);
        }

        for (int row = 0; row < inputs.Count; row++)
        {
            int ofQuery = (int)(HyperRandom.Uniform(key, 2 * row) * Clusters);
            int ofKey = (int)(HyperRandom.Uniform(key, (2 * row) + 1) * Clusters);
            for (int k = 0; k < Dimension; k++)
            {
                Mix(ref inputs.Queries.Pointer[((nint)row * Dimension) + k], centres[ofQuery, k]);
                Mix(ref inputs.Keys.Pointer[((nint)row * Dimension) + k], centres[ofKey, k]);
            }
        }

        static void Mix(ref float x, double centre) => x = (float)((x * 0.7) + (centre * 1.2));
    }

    /// <summary>The first keys lie along a direction that all queries share, and nothing else does; their values are
    /// small, as those of a model's sinks are, so that what the rest contributes counts.</summary>
    private static void MakeSinks(LayerInputs inputs)
    {
        for (int row = 0; row < inputs.Count; row++)
        {
            inputs.Queries.Pointer[(nint)row * Dimension] = 8;
            inputs.Keys.Pointer[(nint)row * Dimension] = 0;
        }

        int sinks = Math.Min(SinkKeys, inputs.Count);
        // n others have e^0.5 on average: the variance of their scores is about 1.
        double score = Math.Log(inputs.Count * Math.Exp(0.5) * (1 - BesideSinks) / BesideSinks / sinks);
        for (int sink = 0; sink < sinks; sink++)
        {
            new Span<float>(inputs.Keys.Pointer + (sink * Dimension), Dimension).Clear();
            // Times 8 / √64.
            inputs.Keys.Pointer[sink * Dimension] = (float)score;
            for (int k = 0; k < Dimension; k++) inputs.Values.Pointer[(sink * Dimension) + k] *= 0.1f;
        }
    }
}
