using Engine.Isa;

namespace Engine.Kernels;

/// <summary>Two cells of one format: one for few tokens, which reads weights in place, one for many, which unpacks them
/// first. Nothing but the number of tokens decides.</summary>
internal sealed unsafe class ByTokensLinear(LinearKernel few, LinearKernel many, int manyTokens) : LinearKernel
{
    /// <summary>The cell for few tokens.</summary>
    public LinearKernel Few => few;

    public override ActivationKinds Input => few.Input;

    public override int RowGranularity { get; } = Math.Max(few.RowGranularity, many.RowGranularity);

    public override string Name { get; } = $"{few.Name} + {many.Name}";

    public override LinearKernel CellFor(int rows) => rows < manyTokens ? few : many;

    public override TokenTiles? Tiles(int rows) => CellFor(rows).Tiles(rows);

    public override void Multiply(in WeightView weights, int rowBegin, int rowEnd, in ActivationView input,
        float* output, nint outputStride, byte* scratch) =>
        (input.Rows < manyTokens ? few : many).Multiply(
            weights, rowBegin, rowEnd, input, output, outputStride, scratch);
}
