using Engine.Formats;

namespace Engine.Shapes;

/// <summary>Which type each matrix gets: what llama.cpp's quantiser chooses for a plain llama model.</summary>
/// <param name="Name">Name of the mix, such as <c>Q4_K_M</c>.</param>
/// <param name="FileType">Value of <c>general.file_type</c>.</param>
/// <param name="Main">Type of most matrices.</param>
/// <param name="Head">Type of the matrix that gives the logits, a tied embedding table included.</param>
/// <param name="Sensitive">Type of the matrices that more depends on: in some layers the values' projection and the
/// feed-forward's second one.</param>
internal sealed record TypeMix(string Name, uint FileType, WeightType Main, WeightType Head, WeightType Sensitive)
{
    /// <summary>All mixes; the first is the default.</summary>
    public static IReadOnlyList<TypeMix> Named { get; } =
    [
        new("Q4_0", 2, WeightType.Q4_0, WeightType.Q6_K, WeightType.Q4_0),
        new("Q4_1", 3, WeightType.Q4_1, WeightType.Q6_K, WeightType.Q4_1),
        new("Q4_K_M", 15, WeightType.Q4_K, WeightType.Q6_K, WeightType.Q6_K),
        new("Q5_0", 8, WeightType.Q5_0, WeightType.Q6_K, WeightType.Q5_0),
        new("Q5_K_M", 17, WeightType.Q5_K, WeightType.Q6_K, WeightType.Q6_K),
        new("Q6_K", 18, WeightType.Q6_K, WeightType.Q6_K, WeightType.Q6_K),
        new("Q8_0", 7, WeightType.Q8_0, WeightType.Q8_0, WeightType.Q8_0),
        new("F16", 1, WeightType.F16, WeightType.F16, WeightType.F16),
    ];

    /// <summary>The mix of a name.</summary>
    public static TypeMix Get(string name) => Named.FirstOrDefault(mix => mix.Name == name)
        ?? throw new ArgumentException($"no format is called {name}");

    /// <summary>The main type everywhere.</summary>
    public TypeMix Pure() => this with { Head = Main, Sensitive = Main };

    /// <summary>Type of <c>blk.LAYER.PART.weight</c>.</summary>
    /// <remarks>The sensitive ones count in the first eighth of the layers, the last eighth and every third between.
    /// A row that is no whole number of blocks falls back to a type of the same or a higher precision.</remarks>
    public WeightType Of(string part, int layer, int layers, int columns)
    {
        bool counts = layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;
        return Fitting(part is "attn_v" or "ffn_down" && counts ? Sensitive : Main, columns);
    }

    /// <summary>Type of the matrix that gives the logits.</summary>
    public WeightType OfHead(int columns) => Fitting(Head, columns);

    /// <summary>Type of an embedding table that is not the head.</summary>
    public WeightType OfTable(int columns) => Fitting(Main, columns);

    private WeightType Fitting(WeightType type, int columns)
    {
        if (columns % WeightFormats.Get(type).BlockElements == 0) return type;
        // As llama.cpp falls back: the head of the legacy formats, too, is Q8_0 where Q6_K does not fit.
        return type switch
        {
            WeightType.Q4_K => WeightType.Q5_0,
            WeightType.Q5_K => WeightType.Q5_1,
            WeightType.Q6_K => WeightType.Q8_0,
            _ => throw new ArgumentException($"{Name}: rows of {columns} are no whole blocks of {type}"),
        };
    }
}
