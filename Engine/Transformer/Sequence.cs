using Engine.Cache;

namespace Engine.Transformer;

/// <summary>One conversation as the forward pass sees it: its caches and its RoPE.</summary>
internal sealed class Sequence(SequenceCache cache, RopeVariants ropes) : IDisposable
{
    public SequenceCache Cache => cache;

    public RopeVariants Ropes => ropes;

    public void Dispose() => cache.Dispose();
}
