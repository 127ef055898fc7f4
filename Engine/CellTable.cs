using Engine.Attention;
using Engine.Formats;
using Engine.Isa;
using Engine.Kernels;

namespace Engine;

/// <summary>The kernels that a model would get on an instruction set, by name.</summary>
/// <remarks>Which those are depends on how this program was compiled as well: an ahead-of-time build that lost a vector
/// width would still be right, and slow. Its table differs from the table of the same machine under the just-in-time
/// compiler, and that can be checked without a stopwatch.</remarks>
internal static class CellTable
{
    /// <summary>Uses (<c>vector</c>, <c>attention</c>, or a weight format) and the cells that serve them.</summary>
    public static IEnumerable<(string Use, string Cell)> Of(InstructionSet isa)
    {
        KernelSet kernels = KernelSet.For(isa);
        yield return ("vector", NameOf(kernels.Vector.GetType()));
        yield return ("attention", NameOf(ExactAttention.For(isa).GetType()));
        foreach (WeightFormat format in WeightFormats.All)
        {
            LinearKernel kernel = kernels.Linear(format.Type);
            yield return (format.Name, $"{kernel.Name}: {NameOf(kernel.GetType())}");
        }
    }

    /// <summary>A type as C# spells it, so that the words it computes in show.</summary>
    private static string NameOf(Type type)
    {
        int tick = type.Name.IndexOf('`', StringComparison.Ordinal);
        return tick < 0 ? type.Name
            : $"{type.Name[..tick]}<{string.Join(", ", type.GenericTypeArguments.Select(NameOf))}>";
    }
}
