using System.Runtime.Intrinsics;
using Engine.Formats;
using Engine.Isa;
using Engine.Kernels;

namespace Engine.Bench;

/// <summary>The instruction set that a job says it measures, and the proof that it does: the runtime ignores a switch
/// that is misspelt, and a figure of the wrong kernel looks like any other.</summary>
/// <remarks>Tests hold every check against the kernels of other instruction sets, which it must refuse.</remarks>
internal static class Claim
{
    /// <summary>Tells the measured process the name of the instruction set that it is expected to have.</summary>
    public const string Variable = "ENGINE_BENCH_ISA";

    /// <summary>The instruction set of this process.</summary>
    /// <exception cref="InvalidOperationException">It is not the one of the job.</exception>
    public static InstructionSet Check()
    {
        string actual = InstructionSets.NameOf(InstructionSets.Best);
        string? claimed = Environment.GetEnvironmentVariable(Variable);
        if (claimed == actual) return InstructionSets.Best;
        throw new InvalidOperationException($"{claimed ?? "nothing"} was asked for, {actual} would be measured");
    }

    /// <summary>Throws unless float kernels compute in the vectors of an instruction set.</summary>
    public static void CheckVectors(InstructionSet isa, object kernels) => CheckWidth(isa, kernels, FloatBits(isa));

    /// <summary>Throws unless a matrix of one format and order goes through the cell of an instruction set.</summary>
    /// <remarks>The name follows from the instruction set that was asked for; what computes is in the types.</remarks>
    public static void CheckCell(InstructionSet isa, LinearKernel kernel, WeightType type, bool packed, int tokens)
    {
        LinearKernel cell = kernel.CellFor(tokens);
        string expected = $"{type} {InstructionSets.NameOf(isa)} ";
        if (!cell.Name.StartsWith(expected, StringComparison.Ordinal)
            || cell.Name[expected.Length..].StartsWith("packed", StringComparison.Ordinal) != packed)
            throw new InvalidOperationException($"{expected}was asked for, {cell.Name} would be measured");
        LinearKernel words = CellTable.Computing(kernel, tokens);
        if (words.Input == ActivationKinds.Single)
        {
            CheckVectors(isa, words);
            return;
        }

        bool matVec = !packed && tokens < QuantizedLinear.ManyTokens;
        bool eightBit = isa == InstructionSet.Avx512Vnni && QuantizedLinear.IsEightBit(type);
        // .NET 10 has VNNI in 256 bits only; and ordinary order is read in 256 bits everywhere.
        int bits = FloatBits(isa) == 512 && (matVec || eightBit) ? 256 : FloatBits(isa);
        // Eight bits without VNNI, where 512 bits run as two halves: 256-bit words too, but twice as many registers.
        bool halves = InstructionSets.SplitsVector512 && bits == 512 && !packed
            && QuantizedLinear.IsEightBitBlock(type);
        CheckWidth(isa, words, halves ? 256 : bits);
        if (HasPart(words, "Avx512") != (bits == 512)) throw Wrong(isa, words);
        bool vnni = isa == InstructionSet.Avx2Vnni || isa == InstructionSet.Avx512Vnni && bits == 256;
        if (HasPart(words, "Vnni") != vnni || HasPart(words, "DotProd") != (isa == InstructionSet.NeonDotProd))
            throw Wrong(isa, words);
    }

    /// <summary>Throws if a call allocates on the calling thread, after a first one that may.</summary>
    /// <remarks>BenchmarkDotNet's column counts the whole process: about once in twenty runs, native ones among them,
    /// it has 336 bytes that no call allocates, divided by the number of calls.</remarks>
    public static void CheckAllocation(Action call)
    {
        call();
        long before = GC.GetAllocatedBytesForCurrentThread();
        call();
        long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        if (bytes > 0) throw new InvalidOperationException($"a call allocates {bytes} bytes");
    }

    private static int FloatBits(InstructionSet isa) => isa switch
    {
        InstructionSet.Scalar => 0,
        InstructionSet.Neon or InstructionSet.NeonDotProd => 128,
        InstructionSet.Avx2 or InstructionSet.Avx2Vnni => 256,
        _ => 512,
    };

    private static void CheckWidth(InstructionSet isa, object kernels, int bits)
    {
        Type[] vectors = [.. Parts(kernels.GetType()).Where(type => type.IsGenericType)
            .Select(type => type.GetGenericTypeDefinition())];
        int widest = vectors.Contains(typeof(Vector512<>)) ? 512 : vectors.Contains(typeof(Vector256<>)) ? 256
            : vectors.Contains(typeof(Vector128<>)) ? 128 : 0;
        if (widest != bits) throw Wrong(isa, kernels);
    }

    private static bool HasPart(object kernels, string name) =>
        Parts(kernels.GetType()).Any(type => type.Name.Contains(name, StringComparison.Ordinal));

    private static IEnumerable<Type> Parts(Type type) => type.GenericTypeArguments.SelectMany(Parts).Prepend(type);

    private static InvalidOperationException Wrong(InstructionSet isa, object kernels) => new(
        $"{InstructionSets.NameOf(isa)} was asked for, {string.Join(' ', Parts(kernels.GetType()).Select(
            type => type.Name))} would be measured");
}
