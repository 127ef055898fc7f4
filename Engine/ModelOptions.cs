using Engine.Isa;

namespace Engine;

/// <summary>How a model is loaded.</summary>
public sealed record ModelOptions
{
    /// <summary>Threads that compute, the caller's included; 0 = one for each physical core. Results do not depend on
    /// it.</summary>
    public int Threads { get; init; }

    /// <summary>Instruction set of the kernels; null = the best that works here.</summary>
    public InstructionSet? InstructionSet { get; init; }

    /// <summary>Most tokens that one forward step takes: prompts are cut into pieces of this size, and the working
    /// memory grows with it.</summary>
    public int BatchTokens { get; init; } = 512;

    /// <summary>True to bring the matrices into the order of the kernels while loading, into memory of the process, if
    /// that pays: where types and shapes allow it, and the copies take at most half of the memory that the process may
    /// have. Answers come faster and the first one later (docs/packing.md says by how much): for a program that
    /// generates many tokens with one model. False leaves all weights in the mapped file. A packed file has nothing
    /// left to pack.</summary>
    public bool PackWeights { get; init; }

    /// <summary>Receives the bytes that are packed and all that will be, from any thread, one call at a time; null =
    /// none.</summary>
    public Action<long, long>? PackingProgress { get; init; }
}
