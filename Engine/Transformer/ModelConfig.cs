using Engine.Cache;

namespace Engine.Transformer;

/// <summary>Normalisation of hidden rows.</summary>
internal enum NormKind
{
    /// <summary>x / rms(x) · w.</summary>
    Rms,

    /// <summary>(x − mean) / deviation · w + b.</summary>
    Layer,
}

/// <summary>Normalisation of query and key heads before RoPE.</summary>
internal enum HeadNorm
{
    None,

    /// <summary>RMSNorm of every head with one weight row.</summary>
    RmsPerHead,

    /// <summary>RMSNorm over the whole projection.</summary>
    RmsFull,

    /// <summary>LayerNorm of every head with a weight row of its own, no bias.</summary>
    LayerPerHead,
}

/// <summary>Activation of the feed-forward block.</summary>
internal enum ActivationFunction
{
    Silu,
    GeluTanh,
    GeluErf,
    ReluSquared,
}

/// <summary>Which elements of a head RoPE pairs.</summary>
internal enum RopePairs
{
    None,

    /// <summary>(2i, 2i + 1).</summary>
    Interleaved,

    /// <summary>(i, i + n/2).</summary>
    Halves,
}

/// <summary>What differs from layer to layer.</summary>
internal sealed record LayerConfig
{
    public required int Heads { get; init; }

    public required int KvHeads { get; init; }

    public required int FeedForward { get; init; }

    /// <summary>Positions a row sees, itself included; 0 = all.</summary>
    public int Window { get; set; }

    /// <summary>Index into <see cref="ModelConfig.Ropes"/>, −1 = no RoPE in this layer.</summary>
    public int Rope { get; set; }
}

/// <summary>Hyperparameters of a model: what the metadata says, completed by its architecture.</summary>
internal sealed class ModelConfig
{
    public required string Architecture { get; init; }

    public required LayerConfig[] Layers { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int Embedding { get; init; }

    /// <summary>Positions the model was trained for.</summary>
    public required int TrainedContext { get; init; }

    public required int KeyDimension { get; init; }

    public required int ValueDimension { get; init; }

    public NormKind Norm { get; set; } = NormKind.Rms;

    public float NormEpsilon { get; set; }

    public ActivationFunction Activation { get; set; } = ActivationFunction.Silu;

    public HeadNorm HeadNorm { get; set; }

    /// <summary>True if a file without head norms is complete too (StableLM).</summary>
    public bool HeadNormOptional { get; set; }

    /// <summary>Norms before attention and feed-forward.</summary>
    public bool PreNorms { get; set; } = true;

    /// <summary>Norms of the outputs of attention and feed-forward before they are added.</summary>
    public bool PostNorms { get; set; }

    /// <summary>Attention and feed-forward read the same normed input, both are added at once; null: where a layer has
    /// no ffn_norm.</summary>
    public bool? ParallelResidual { get; set; } = false;

    /// <summary>False: feed-forward is down(act(up(x))); true: down(act(gate(x)) · up(x)).</summary>
    public bool Gated { get; set; } = true;

    public RopePairs RopePairs { get; set; } = RopePairs.Interleaved;

    /// <summary>Rotated elements of a head, even.</summary>
    public int RopeDimensions { get; set; }

    /// <summary>RoPE variants that layers refer to.</summary>
    public List<RopeParameters> Ropes { get; } = [];

    /// <summary>Learned position embeddings are added to the token embeddings.</summary>
    public bool PositionEmbeddings { get; set; }

    /// <summary>Factor of the token embeddings.</summary>
    public float EmbeddingScale { get; set; } = 1;

    /// <summary>Factor of q·k.</summary>
    public float AttentionScale { get; set; }

    /// <summary>Soft-cap of attention scores, 0 = off.</summary>
    public float AttentionSoftCap { get; set; }

    /// <summary>Soft-cap of the logits, 0 = off.</summary>
    public float LogitSoftCap { get; set; }

    /// <summary>Who owns the caches.</summary>
    public SharingMap Sharing { get; set; } = SharingMap.None(0);

    /// <summary>Shapes of the caches in group order.</summary>
    public IEnumerable<CacheShape> CacheShapes => Sharing.OwnerLayers.Select(layer =>
        new CacheShape(layer, Layers[layer].KvHeads, KeyDimension, ValueDimension, Layers[layer].Window));
}
