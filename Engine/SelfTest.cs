using Engine.Attention;
using Engine.Attention.Hyper;
using Engine.Isa;
using Engine.Kernels;

namespace Engine;

/// <summary>Receives the outcome of one check.</summary>
/// <param name="name">What was checked.</param>
/// <param name="isa">On which instruction set.</param>
/// <param name="passed">Whether the kernels agree with the scalar ones and with exact arithmetic.</param>
/// <param name="detail">What went wrong; empty if passed.</param>
internal delegate void SelfTestReport(string name, InstructionSet isa, bool passed, string detail);

/// <summary>Runs all kernels of all instruction sets that work here against their references.</summary>
internal static class SelfTest
{
    /// <summary>All checks; a new group of kernels adds its list here.</summary>
    public static IReadOnlyList<SelfCheck> Checks { get; } =
        [.. VectorChecks.All, .. LinearChecks.All, .. PackedChecks.All, .. AttentionChecks.All, .. HyperChecks.All];

    /// <summary>Runs every check on every supported instruction set.</summary>
    /// <returns>True if all passed.</returns>
    public static bool Run(SelfTestReport report)
    {
        bool all = true;
        foreach (InstructionSet isa in InstructionSets.Supported)
        {
            foreach (SelfCheck check in Checks)
            {
                string? detail = check.Find(isa);
                all &= detail is null;
                report(check.Name, isa, detail is null, detail ?? "");
            }
        }

        return all;
    }
}
