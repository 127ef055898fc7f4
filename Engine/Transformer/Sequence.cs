using Engine.Attention;
using Engine.Cache;

namespace Engine.Transformer;

/// <summary>One conversation as the forward pass sees it: its caches and its RoPE.</summary>
internal sealed class Sequence(SequenceCache cache, RopeVariants ropes, PageSelector? selector = null) : IDisposable
{
    public SequenceCache Cache => cache;

    public RopeVariants Ropes => ropes;

    /// <summary>Chooses the pages that decode reads; null = all.</summary>
    public PageSelector? Selector => selector;

    public void Dispose()
    {
        cache.Dispose();
        selector?.Dispose();
    }
}
