namespace Engine.Attention.Hyper;

/// <summary>Finds the large entries of a node: which keys each query takes exactly. The sampled rest is the same for
/// all.</summary>
internal interface IKeyChoice : IDisposable
{
    /// <summary>Sets the node's orders, cuts and key blocks for its range.</summary>
    void Arrange(HyperNode node, in HyperKeys keys, HyperQueries queries);

    /// <summary>Bytes that grow with keys and queries.</summary>
    long Bytes { get; }
}

/// <summary>The ways there are to find large entries.</summary>
internal enum KeyChoiceKind
{
    /// <summary>Buckets of similar keys, as in the paper.</summary>
    Buckets,

    /// <summary>Sums along strided antidiagonals of the scores, as in XAttention (arXiv 2503.16428).</summary>
    Diagonals,
}
