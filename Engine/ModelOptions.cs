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
}
