using Engine.Attention.Hyper;
using Engine.Memory;

namespace Engine.Bench;

/// <summary>Random queries, keys and values of one head, values with a mean as real ones have.</summary>
internal sealed unsafe class LayerMemory : IDisposable
{
    private readonly AlignedBuffer<float> memory;

    public LayerMemory(int count, int dimension)
    {
        Count = count;
        Dimension = dimension;
        memory = new AlignedBuffer<float>(4 * (nint)count * dimension);
        ulong key = HyperRandom.Key(5, 0, 0), mean = HyperRandom.Key(5, 1, 0);
        for (int i = 0; i < 3 * count * dimension; i++) memory.Pointer[i] = (float)HyperRandom.Gaussian(key, i);
        for (int i = 0; i < count * dimension; i++)
            Values[i] = (Values[i] / 2) + (float)HyperRandom.Gaussian(mean, i % dimension);
    }

    public int Count { get; }

    public int Dimension { get; }

    public float* Queries => memory.Pointer;

    public float* Keys => Queries + ((nint)Count * Dimension);

    public float* Values => Keys + ((nint)Count * Dimension);

    public float* Output => Values + ((nint)Count * Dimension);

    public double Score(int query, int key)
    {
        double sum = 0;
        float* q = Queries + ((nint)query * Dimension), other = Keys + ((nint)key * Dimension);
        for (int k = 0; k < Dimension; k++) sum += q[k] * (double)other[k];
        return sum / Math.Sqrt(Dimension);
    }

    public double Value(int key, int k) => Values[((nint)key * Dimension) + k];

    public HyperInput Input() => new()
    {
        Queries = Queries,
        QueryStride = Dimension,
        Keys = Keys,
        KeyStride = Dimension,
        Values = Values,
        ValueStride = Dimension,
        ValueDimension = Dimension,
        Scale = 1 / MathF.Sqrt(Dimension),
        Output = Output,
        OutputStride = Dimension,
    };

    public void Dispose() => memory.Dispose();
}
