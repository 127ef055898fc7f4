using Engine.Memory;

namespace Engine.Attention.Hyper;

/// <summary>Query rows with the running softmax state that all nodes stream into: largest score m, sum l of
/// 2^(score − m), and weighted sum of values. No pass merges or puts back in order.</summary>
internal sealed unsafe class HyperQueries : IDisposable
{
    private readonly AlignedBuffer<float> scaled;
    private readonly AlignedBuffer<float> sums;
    private readonly AlignedBuffer<float> largest;
    private readonly AlignedBuffer<float> total;
    private readonly AlignedBuffer<byte> ranks;

    public HyperQueries(int capacity, int keyDimension, int valueDimension)
    {
        Capacity = capacity;
        KeyElements = CacheRows.PaddedElements(keyDimension);
        ValueElements = CacheRows.PaddedElements(valueDimension);
        scaled = new AlignedBuffer<float>((nint)capacity * KeyElements);
        sums = new AlignedBuffer<float>((nint)capacity * ValueElements);
        largest = new AlignedBuffer<float>(capacity);
        total = new AlignedBuffer<float>(capacity);
        ranks = new AlignedBuffer<byte>(capacity);
    }

    public int Capacity { get; }

    /// <summary>Head dimensions rounded up to whole blocks.</summary>
    public int KeyElements { get; }
    public int ValueElements { get; }

    /// <summary>Queries times scale and log2(e), padded with zeros.</summary>
    public float* Scaled(int row) => scaled.Pointer + ((nint)row * KeyElements);

    public float* Sums(int row) => sums.Pointer + ((nint)row * ValueElements);

    public float* Largest => largest.Pointer;

    public float* Total => total.Pointer;

    public byte* Ranks => ranks.Pointer;

    public long Bytes => Capacity * (((KeyElements + ValueElements + 2L) * sizeof(float)) + 1);

    public void Dispose()
    {
        scaled.Dispose();
        sums.Dispose();
        largest.Dispose();
        total.Dispose();
        ranks.Dispose();
    }
}
