namespace Engine;

/// <summary>What a session does when its context is full.</summary>
public enum ContextOverflow
{
    /// <summary>Refuses more tokens with an <see cref="InvalidOperationException"/>; a generation ends with
    /// <see cref="StopReason.Context"/>.</summary>
    Stop,

    /// <summary>Gives up the oldest tokens behind the first ones (<see cref="SessionOptions.SinkTokens"/>), a quarter
    /// of them at a time, and goes on (StreamingLLM, arXiv 2309.17453). Positions are re-assigned when they would leave
    /// what the model was trained for. Not for models that learned an embedding for each position.</summary>
    KeepSinksAndRecent,
}
