namespace Engine.Shapes;

/// <summary>Sizes of a plain decoder of the llama family.</summary>
/// <param name="Name">Short name, such as <c>llama-3.2-1b</c>.</param>
/// <param name="Layers">Number of layers.</param>
/// <param name="Embedding">Width of the residual stream.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KvHeads">Key and value heads; a divisor of <paramref name="Heads"/>.</param>
/// <param name="FeedForward">Width of the gated feed-forward part.</param>
/// <param name="Vocabulary">Tokens.</param>
/// <param name="Context">Context length that the real model was trained for.</param>
/// <param name="RopeBase">RoPE's theta.</param>
/// <param name="Tied">Whether the head is the embedding table.</param>
internal sealed record ModelShape(string Name, int Layers, int Embedding, int Heads, int KvHeads, int FeedForward,
    int Vocabulary, int Context, float RopeBase, bool Tied)
{
    /// <summary>Sizes as the makers publish them in each model's <c>config.json</c>.</summary>
    public static IReadOnlyList<ModelShape> Named { get; } =
    [
        new("llama-3.2-1b", 16, 2048, 32, 8, 8192, 128256, 131072, 500000, Tied: true),
        new("llama-3.2-3b", 28, 3072, 24, 8, 8192, 128256, 131072, 500000, Tied: true),
        new("llama-3.1-8b", 32, 4096, 32, 8, 14336, 128256, 131072, 500000, Tied: false),
        new("smollm2-135m", 30, 576, 9, 3, 1536, 49152, 8192, 100000, Tied: true),
    ];

    /// <summary>Layers that share a cache (Cross-Layer Attention); 1 = each has its own.</summary>
    public int SharingFactor { get; init; } = 1;

    /// <summary>Elements of one head.</summary>
    public int HeadDimension => Embedding / Heads;

    /// <summary>The shape of a name.</summary>
    public static ModelShape Get(string name) => Named.FirstOrDefault(shape => shape.Name == name)
        ?? throw new ArgumentException($"no shape is called {name}");

    /// <summary>The same with another depth or vocabulary, or caches that layers share; null keeps the shape's own.
    /// </summary>
    /// <exception cref="ArgumentException">A number that no model can have.</exception>
    public ModelShape With(int? layers, int? vocabulary, int? sharingFactor = null)
    {
        if (sharingFactor is < 1 or > 1024)
            throw new ArgumentException($"expected 1 to 1024 layers that share a cache, found {sharingFactor}");
        if (layers is < 1 or > 1024) throw new ArgumentException($"expected 1 to 1024 layers, found {layers}");
        if (vocabulary is < ShapeVocabulary.Smallest or > ShapeVocabulary.Largest)
        {
            throw new ArgumentException($"expected {ShapeVocabulary.Smallest} to {ShapeVocabulary.Largest} tokens, "
                + $"found {vocabulary}");
        }

        return this with
        {
            Layers = layers ?? Layers,
            Vocabulary = vocabulary ?? Vocabulary,
            SharingFactor = sharingFactor ?? SharingFactor,
        };
    }
}
