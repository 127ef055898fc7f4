using Engine.Attention;
using Engine.Attention.Hyper;
using Engine.Formats;
using Engine.Formats.Packed;
using Engine.Isa;
using Engine.Kernels;

namespace Engine;

/// <summary>The kernels that a model would get on an instruction set, by name.</summary>
/// <remarks>Which those are depends on how this program was compiled as well: an ahead-of-time build that lost a vector
/// width would still be right, and slow. Its table differs from the table of the same machine under the just-in-time
/// compiler, and that can be checked without a stopwatch.</remarks>
internal static class CellTable
{
    /// <summary>One token, and as many as any cell calls many.</summary>
    private static readonly int[] Tokens = [1, 256];

    /// <summary>Uses (<c>vector</c>, <c>attention</c>, <c>hyper attention</c>, a weight format, or a weight format and
    /// <c>packed</c>) and the cells that serve them.</summary>
    public static IEnumerable<(string Use, string Cell)> Of(InstructionSet isa)
    {
        KernelSet kernels = KernelSet.For(isa);
        yield return ("vector", NameOf(kernels.Vector.GetType()));
        yield return ("attention", NameOf(ExactAttention.For(isa).GetType()));
        yield return ("hyper attention", NameOf(HyperAttention.For(isa).GetType()));
        foreach (WeightFormat format in WeightFormats.All)
            yield return (format.Name, Describe(kernels.Linear(format.Type)));
        foreach (PackedLayout layout in PackedLayout.All)
            yield return ($"{layout.Format.Name} packed", Describe(kernels.PackedLinear(layout.Format.Type)));
    }

    /// <summary>The name that a kernel gives itself, which follows from the instruction set that was asked for, and the
    /// types that compute.</summary>
    private static string Describe(LinearKernel kernel)
    {
        IEnumerable<string> cells = Tokens.Select(tokens => NameOf(Computing(kernel, tokens).GetType()));
        return $"{kernel.Name}: {string.Join(" + ", cells.Distinct())}";
    }

    /// <summary>The cell that multiplies: behind the choice by tokens, and behind decoding.</summary>
    public static LinearKernel Computing(LinearKernel kernel, int tokens) =>
        kernel.CellFor(tokens) is DecodedLinear decoded ? decoded.Single.CellFor(tokens) : kernel.CellFor(tokens);

    /// <summary>A type as C# spells it, so that the words it computes in show.</summary>
    private static string NameOf(Type type)
    {
        int tick = type.Name.IndexOf('`', StringComparison.Ordinal);
        return tick < 0 ? type.Name
            : $"{type.Name[..tick]}<{string.Join(", ", type.GenericTypeArguments.Select(NameOf))}>";
    }
}
