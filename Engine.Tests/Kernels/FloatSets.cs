using System.Runtime.Intrinsics;
using Engine.Attention;
using Engine.Isa;
using Engine.Kernels;

namespace Engine.Tests.Kernels;

/// <summary>Every instruction set by name, and the 128-bit words that x86 can run for NEON.</summary>
internal static class FloatSets
{
    private const string Words128 = "128-bit words";

    public static IEnumerable<object[]> Names =>
        Enum.GetValues<InstructionSet>().Select(isa => new object[] { InstructionSets.NameOf(isa) })
            .Append([Words128]);

    public static VectorKernels Vector(string name) => name == Words128
        ? new VectorKernels<FloatWords128, Vector128<float>>()
        : VectorKernels.For(Parse(name));

    public static ExactAttention Attention(string name) => name == Words128
        ? new ExactAttention<FloatWords128, Vector128<float>>()
        : ExactAttention.For(Parse(name));

    public static InstructionSet Parse(string name)
    {
        Assert.IsTrue(InstructionSets.TryParse(name, out InstructionSet isa), name);
        if (!InstructionSets.IsSupported(isa)) Assert.Inconclusive($"skipped: this machine has no {name}");
        return isa;
    }
}
