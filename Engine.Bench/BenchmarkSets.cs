using System.Runtime.Intrinsics;
using Engine.Isa;

namespace Engine.Bench;

/// <summary>The instruction sets that a benchmark runs on, and the proof that it does.</summary>
internal static class BenchmarkSets
{
    /// <summary>Those whose float kernels differ and that work here.</summary>
    public static IEnumerable<InstructionSet> Floats => InstructionSets.Supported.Where(isa =>
        isa is InstructionSet.Scalar or InstructionSet.Neon or InstructionSet.Avx2 or InstructionSet.Avx512);

    /// <summary>Throws unless a kernel's vectors are those of the instruction set it is measured as.</summary>
    public static void AssertVectors(InstructionSet isa, object kernels)
    {
        Type expected = isa switch
        {
            InstructionSet.Scalar => typeof(float),
            InstructionSet.Neon or InstructionSet.NeonDotProd => typeof(Vector128<float>),
            InstructionSet.Avx2 or InstructionSet.Avx2Vnni => typeof(Vector256<float>),
            _ => typeof(Vector512<float>),
        };
        Type actual = kernels.GetType().GenericTypeArguments[1];
        if (actual != expected)
            throw new InvalidOperationException($"{InstructionSets.NameOf(isa)} would be measured with {actual}");
    }
}
