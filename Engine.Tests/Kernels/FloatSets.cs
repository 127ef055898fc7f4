using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Engine.Attention;
using Engine.Attention.Hyper;
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

    public static VectorKernels Vector(string name) => IsWords128(name)
        ? new VectorKernels<FloatWords128, Vector128<float>>()
        : VectorKernels.For(Parse(name));

    public static ExactAttention Attention(string name) => IsWords128(name)
        ? new ExactAttention<FloatWords128, Vector128<float>>()
        : ExactAttention.For(Parse(name));

    public static HyperAttention Hyper(string name) => IsWords128(name)
        ? new HyperAttention<FloatWords128, Vector128<float>>()
        : HyperAttention.For(Parse(name));

    public static InstructionSet Parse(string name)
    {
        Assert.IsTrue(InstructionSets.TryParse(name, out InstructionSet isa), name);
        if (!InstructionSets.IsSupported(isa)) Assert.Inconclusive($"skipped: this machine has no {name}");
        return isa;
    }

    private static bool IsWords128(string name)
    {
        if (name != Words128) return false;
        if (!Sse3.IsSupported && !AdvSimd.Arm64.IsSupported)
            Assert.Inconclusive("skipped: vector instructions are switched off");
        return true;
    }
}
