namespace Engine.Transformer;

/// <summary>Weight and bias of a normalisation; both null where a layer has none.</summary>
internal unsafe struct NormWeights
{
    public float* Weight;
    public float* Bias;
}

/// <summary>Weights of one layer, bound to the file.</summary>
internal sealed unsafe class LayerWeights
{
    /// <summary>Input of attention (of the queries only, if <see cref="KvNorm"/> is there).</summary>
    public NormWeights AttentionNorm;

    /// <summary>Input of keys and values in a Cross-Layer Attention owner.</summary>
    public NormWeights KvNorm;

    public NormWeights PostAttentionNorm;
    public NormWeights FeedForwardNorm;
    public NormWeights PostFeedForwardNorm;
    public NormWeights QueryNorm;
    public NormWeights KeyNorm;

    public required LayerConfig Config { get; init; }

    /// <summary>Group of the ring that this layer reads.</summary>
    public required int Group { get; init; }

    /// <summary>True if attention and feed-forward read the same normed input.</summary>
    public bool Parallel { get; init; }

    public required Linear Query { get; init; }

    /// <summary>Null in a layer that borrows its cache.</summary>
    public Linear? Key { get; init; }

    public Linear? Value { get; init; }

    public required Linear Output { get; init; }

    /// <summary>Null if the feed-forward block is not gated.</summary>
    public Linear? Gate { get; init; }

    public required Linear Up { get; init; }

    public required Linear Down { get; init; }

    public IEnumerable<Linear> Linears =>
        new[] { Query, Key, Value, Output, Gate, Up, Down }.Where(linear => linear is not null)!;
}
