using Engine.Isa;

namespace Engine.Kernels;

/// <summary>One check of one group of kernels, run by <c>engine selftest</c> and by the tests on every instruction set.
/// </summary>
/// <param name="Name">What is checked.</param>
/// <param name="Find">Returns null if all is well on an instruction set that works here, else what went wrong.</param>
internal sealed record SelfCheck(string Name, Func<InstructionSet, string?> Find);
