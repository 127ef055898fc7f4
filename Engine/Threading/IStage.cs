namespace Engine.Threading;

/// <summary>Work that a team does together: independent chunks, handed out in order.</summary>
internal interface IStage
{
    /// <summary>Does one chunk. Which worker does it must not change the result.</summary>
    /// <param name="chunk">0-based chunk.</param>
    /// <param name="worker">0-based worker, for scratch memory.</param>
    void Run(int chunk, int worker);
}
