using Engine.Attention;
using Engine.Attention.Hyper;
using Engine.Cache;

namespace Engine.Transformer;

/// <summary>One conversation as the forward pass sees it: its caches and its RoPE.</summary>
internal sealed class Sequence(SequenceCache cache, RopeVariants ropes, PageSelector? selector = null,
    HyperSequence? hyper = null) : IDisposable
{
    public SequenceCache Cache => cache;

    public RopeVariants Ropes => ropes;

    /// <summary>Chooses the pages that decode reads; null = all.</summary>
    public PageSelector? Selector => selector;

    /// <summary>Approximate attention of long prompts; null = all is exact.</summary>
    public HyperSequence? Hyper => hyper;

    public void Dispose()
    {
        cache.Dispose();
        selector?.Dispose();
        hyper?.Dispose();
    }
}
