namespace Engine.Transformer;

/// <summary>How a RoPE stretches its frequencies.</summary>
internal enum RopeScaling
{
    None,

    /// <summary>Positions divided by the factor.</summary>
    Linear,

    /// <summary>YaRN (arXiv 2309.00071): a ramp between interpolated and extrapolated frequencies.</summary>
    Yarn,
}

/// <summary>One RoPE variant of a model.</summary>
internal sealed record RopeParameters
{
    public required float Base { get; init; }

    public RopeScaling Scaling { get; init; }

    public float Factor { get; init; } = 1;

    /// <summary>Context before it was stretched.</summary>
    public int OriginalContext { get; init; }

    /// <summary>Factor of cosines and sines; null: what the scaling implies.</summary>
    public float? Magnitude { get; init; }

    public float BetaFast { get; init; } = 32;

    public float BetaSlow { get; init; } = 1;

    /// <summary>Whether the file's frequency factors (llama3's rope_freqs, longrope's factors) apply.</summary>
    public bool UsesFactors { get; init; } = true;
}
