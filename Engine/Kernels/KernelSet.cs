using Engine.Formats;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>All kernels of one instruction set: the table from which a model picks at load.</summary>
internal sealed class KernelSet
{
    private KernelSet(InstructionSet isa)
    {
        InstructionSet = isa;
        Vector = VectorKernels.For(isa);
    }

    public InstructionSet InstructionSet { get; }

    /// <summary>Row and element-wise kernels.</summary>
    public VectorKernels Vector { get; }

    /// <summary>The kernels of <paramref name="isa"/>.</summary>
    /// <exception cref="PlatformNotSupportedException">The machine, the runtime or the build lacks it.</exception>
    public static KernelSet For(InstructionSet isa)
    {
        if (!InstructionSets.IsSupported(isa))
            throw new PlatformNotSupportedException(
                $"instruction set {InstructionSets.NameOf(isa)} is not available here; "
                + $"available: {InstructionSets.SupportedNames}");
        return new KernelSet(isa);
    }

    /// <summary>The best cell for a weight format; a format without a fast cell gets the generic one.</summary>
    public LinearKernel Linear(WeightType type) =>
        FloatLinear.Find(InstructionSet, type)
        ?? QuantizedLinear.Find(InstructionSet, type)
        ?? new DecodedLinear(
            WeightFormats.Get(type), FloatLinear.Find(InstructionSet, WeightType.F32)!, InstructionSet);

    /// <summary>The cell for a packed matrix.</summary>
    /// <exception cref="ArgumentException">Tensors of the type are never packed.</exception>
    public LinearKernel PackedLinear(WeightType type) => Kernels.PackedLinear.Find(InstructionSet, type)
        ?? throw new ArgumentException($"{type} has no packed layout", nameof(type));
}
