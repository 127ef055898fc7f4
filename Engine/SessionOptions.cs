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

    /// <summary>Exact or approximate attention over long prompts.</summary>
    public AttentionOptions Attention { get; init; } = new();
}
