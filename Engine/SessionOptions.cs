using Engine.Cache;

namespace Engine;

/// <summary>How a conversation is opened.</summary>
public sealed record SessionOptions
{
    /// <summary>Context of a session whose options name none, if the model was trained for at least as much.</summary>
    public const int DefaultContextLength = 4096;

    /// <summary>Tokens that the session can hold, prompt and answers together; its cache is reserved for all of them.
    /// 0 = <see cref="DefaultContextLength"/>, or what the model was trained for if that is less.</summary>
    public int ContextLength { get; init; }

    /// <summary>Storage of cached keys and values.</summary>
    public CacheType CacheType { get; init; } = CacheType.F16;

    /// <summary>What happens when the context is full.</summary>
    public ContextOverflow Overflow { get; init; }

    /// <summary>First tokens of the conversation that stay when others are given up, and that
    /// <see cref="PageBudget"/> never leaves out; less than half of the context counts. Models lean on their first
    /// tokens whatever they say (attention sinks).</summary>
    public int SinkTokens { get; init; } = 64;

    /// <summary>Tokens that each new token reads at most when text is generated: those of the pages of 16 that can
    /// matter most to it, the first and the newest always (Quest, arXiv 2406.10774). The cache still holds all. Faster
    /// with a long context, and an approximation. 0 = all, exactly.</summary>
    public int PageBudget { get; init; }

    /// <summary>Exact or approximate attention over long prompts; where <see cref="Overflow"/> lets the context slide,
    /// only exact.</summary>
    public AttentionOptions Attention { get; init; } = new();
}
