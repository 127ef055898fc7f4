namespace Engine;

/// <summary>Why a generation ended.</summary>
public enum StopReason
{
    /// <summary>The model ended it, or a stop token or stop string came.</summary>
    Stop,

    /// <summary><see cref="GenerationOptions.MaxTokens"/> were generated.</summary>
    Length,

    /// <summary>The caller cancelled.</summary>
    Cancelled,

    /// <summary>The session's context is full.</summary>
    Context,
}
