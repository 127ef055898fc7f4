namespace Engine;

/// <summary>How a session computes attention over a long prompt.</summary>
public enum AttentionMode
{
    /// <summary>Every query sees every key.</summary>
    Exact,

    /// <summary>HyperAttention (arXiv 2310.05869) wherever the cache is longer than what is exact anyway.</summary>
    Hyper,

    /// <summary>HyperAttention where it is sure to be faster, else exact.</summary>
    Auto,
}

/// <summary>Attention of a session. Generation token by token is always exact; what is approximated is the evaluation
/// of long prompts.</summary>
/// <remarks>A query sees the first keys, the keys near it, and of the rest a block of those most like it and a sample
/// that stands for the others; without either, it is a sliding window with sinks (StreamingLLM, arXiv 2309.17453).
/// Lengths are in tokens. Results depend neither on threads nor on how a prompt is cut into
/// calls, except that calls of a few tokens (less than twelve) are exact.</remarks>
public sealed record AttentionOptions
{
    /// <summary>Whether to approximate.</summary>
    public AttentionMode Mode { get; init; }

    /// <summary>Keys like the query that it takes exactly from each part of the prompt; 0 = none.</summary>
    public int Block { get; init; } = 256;

    /// <summary>Keys sampled from each part of the prompt; 0 = none.</summary>
    public int Samples { get; init; } = 256;

    /// <summary>Length of the blocks that queries are taken in, more than <see cref="Sinks"/>.</summary>
    public int Leaf { get; init; } = 512;

    /// <summary>First keys of the sequence that every query sees.</summary>
    public int Sinks { get; init; } = 64;

    /// <summary>Keys before its block that a query sees, rounded up to blocks; −1 = one block.</summary>
    public int Band { get; init; } = -1;

    /// <summary>Queries before this position are exact; 0 = as far as approximating does not pay.</summary>
    public int MinimumLength { get; init; }

    /// <summary>Start of hyperplanes and samples.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Which layers, and which of their heads, are approximated.</summary>
    public AttentionLayers Layers { get; init; } = AttentionLayers.All;
}
