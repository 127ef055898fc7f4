using Engine.Memory;

namespace Engine.Cli;

/// <summary>Memory for queries, keys and values of one head that attention is measured on.</summary>
internal sealed unsafe class LayerInputs(int count) : IDisposable
{
    /// <summary>Head dimension of the measurements, the paper's.</summary>
    public const int Dimension = 64;

    public int Count { get; } = count;

    public AlignedBuffer<float> Queries { get; } = new((nint)count * Dimension);

    public AlignedBuffer<float> Keys { get; } = new((nint)count * Dimension);

    public AlignedBuffer<float> Values { get; } = new((nint)count * Dimension);

    public long Bytes => 3L * Count * Dimension * sizeof(float);

    public void Dispose()
    {
        Queries.Dispose();
        Keys.Dispose();
        Values.Dispose();
    }
}
