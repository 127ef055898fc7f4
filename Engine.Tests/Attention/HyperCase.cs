using Engine.Attention.Hyper;
using Engine.Memory;

namespace Engine.Tests.Attention;

/// <summary>Random queries, keys and values of one head, and both kinds of attention over them.</summary>
internal sealed unsafe class HyperCase : IDisposable
{
    public const int Dimension = 32;

    private readonly AlignedBuffer<float> memory;
    private readonly AlignedBuffer<float> output;
    private readonly AlignedBuffer<float> sums;

    public HyperCase(int count, int seed)
    {
        Count = count;
        memory = new AlignedBuffer<float>(3 * (nint)count * Dimension);
        output = new AlignedBuffer<float>((nint)count * Dimension);
        sums = new AlignedBuffer<float>(count);
        ulong key = HyperRandom.Key((ulong)seed, 0, 0);
        for (int i = 0; i < memory.Count; i++) memory.Pointer[i] = (float)HyperRandom.Gaussian(key, i);
    }

    public int Count { get; }

    public float* Queries => memory.Pointer;

    public float* Keys => Queries + (Count * Dimension);

    public float* Values => Keys + (Count * Dimension);

    public Span<float> Output => output.Slice(0, Count * Dimension);

    public Span<float> Sums => sums.Slice(0, Count);

    public HyperInput Input(int head = 0) => new()
    {
        Queries = Queries,
        QueryStride = Dimension,
        Keys = Keys,
        KeyStride = Dimension,
        Values = Values,
        ValueStride = Dimension,
        ValueDimension = Dimension,
        Scale = 1 / MathF.Sqrt(Dimension),
        Head = head,
        Output = output.Pointer,
        OutputStride = Dimension,
        LogSumExp = sums.Pointer,
    };

    /// <summary>Runs a layer over the case.</summary>
    public void Run(HyperAttention kernel, HyperSettings settings, bool causal, Func<NodeRange, int[]?>? samples = null,
        Action<HyperLayer>? prepare = null)
    {
        using var planes = new HyperPlanes(settings.Hyperplanes, Dimension, settings.Seed);
        using var layer = new HyperLayer(kernel, settings, planes, causal, Count, Count, Dimension, workers: 1)
        {
            GivenSamples = samples,
        };
        layer.Begin(Input());
        prepare?.Invoke(layer);
        layer.Run();
    }

    /// <summary>Output and log-sum-exp of one query by the definition, in double precision.</summary>
    /// <param name="query">The query.</param>
    /// <param name="causal">Whether it sees no later keys.</param>
    /// <param name="hidden">Earlier keys that it does not see, either.</param>
    public (double[] Output, double Sum) Reference(int query, bool causal, Range hidden = default)
    {
        int end = causal ? query + 1 : Count;
        var scores = new double[end];
        double largest = double.NegativeInfinity, total = 0;
        for (int key = 0; key < end; key++)
        {
            for (int k = 0; k < Dimension; k++)
                scores[key] += Queries[(query * Dimension) + k] * (double)Keys[(key * Dimension) + k];
            scores[key] /= Math.Sqrt(Dimension);
            if (key >= hidden.Start.Value && key < hidden.End.Value) scores[key] = double.NegativeInfinity;
            largest = Math.Max(largest, scores[key]);
        }

        var result = new double[Dimension];
        foreach (double score in scores) total += Math.Exp(score - largest);
        for (int key = 0; key < end; key++)
        {
            double weight = Math.Exp(scores[key] - largest) / total;
            for (int k = 0; k < Dimension; k++) result[k] += weight * Values[(key * Dimension) + k];
        }

        return (result, largest + Math.Log(total));
    }

    /// <summary>Relative Frobenius error of the output.</summary>
    public double RelativeError(bool causal)
    {
        double difference = 0, norm = 0;
        for (int query = 0; query < Count; query++)
        {
            double[] expected = Reference(query, causal).Output;
            for (int k = 0; k < Dimension; k++)
            {
                difference += Math.Pow(Output[(query * Dimension) + k] - expected[k], 2);
                norm += expected[k] * expected[k];
            }
        }

        return Math.Sqrt(difference / norm);
    }

    public void Dispose()
    {
        memory.Dispose();
        output.Dispose();
        sums.Dispose();
    }
}
