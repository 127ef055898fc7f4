using System.Runtime.Intrinsics;
using BenchmarkDotNet.Jobs;
using Engine.Isa;

namespace Engine.Bench;

/// <summary>The instruction set that a job says it measures, and the proof that it does: the runtime ignores a switch
/// that is misspelt, and a figure of the wrong kernel looks like any other.</summary>
internal static class Claim
{
    private const string Variable = "ENGINE_BENCH_ISA";

    /// <summary>Tells the measured process what it is expected to have.</summary>
    public static EnvironmentVariable Of(InstructionSet isa) => new(Variable, InstructionSets.NameOf(isa));

    /// <summary>The instruction set of this process.</summary>
    /// <exception cref="InvalidOperationException">It is not the one of the job.</exception>
    public static InstructionSet Check()
    {
        string actual = InstructionSets.NameOf(InstructionSets.Best);
        string? claimed = Environment.GetEnvironmentVariable(Variable);
        if (claimed == actual) return InstructionSets.Best;
        throw new InvalidOperationException($"{claimed ?? "nothing"} was asked for, {actual} would be measured");
    }

    /// <summary>Throws unless kernels compute in the vectors of an instruction set.</summary>
    public static void CheckVectors(InstructionSet isa, object kernels)
    {
        Type expected = isa switch
        {
            InstructionSet.Scalar => typeof(float),
            InstructionSet.Neon or InstructionSet.NeonDotProd => typeof(Vector128<float>),
            InstructionSet.Avx2 or InstructionSet.Avx2Vnni => typeof(Vector256<float>),
            _ => typeof(Vector512<float>),
        };
        if (!kernels.GetType().GenericTypeArguments.Contains(expected))
            throw new InvalidOperationException($"{InstructionSets.NameOf(isa)} would be measured with {kernels}");
    }
}
