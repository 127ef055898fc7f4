using Engine.Formats;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>The generic cell: decodes rows to f32 once and hands them to the f32 cell, so that every format which can
/// be decoded can be computed with.</summary>
internal sealed unsafe class DecodedLinear(WeightFormat format, LinearKernel single, InstructionSet isa)
    : LinearKernel
{
    /// <summary>Decoded rows should stay in the second-level cache while all tokens meet them.</summary>
    private const int PanelBytes = 128 * 1024;

    /// <summary>Room for decoded rows; the f32 cell gets the scratch behind it.</summary>
    private const int DecodedBytes = LargestColumns * sizeof(float);

    /// <summary>The cell that decoded rows go to.</summary>
    public LinearKernel Single => single;

    public override ActivationKinds Input => ActivationKinds.Single;

    public override int RowGranularity => single.RowGranularity;

    public override string Name { get; } = $"{format.Name} {InstructionSets.NameOf(isa)} decoded";

    public override void Multiply(in WeightView weights, int rowBegin, int rowEnd, in ActivationView input,
        float* output, nint outputStride, byte* scratch)
    {
        nint rowBytes = (nint)weights.Columns * sizeof(float);
        if (rowBytes > DecodedBytes)
            throw new NotSupportedException($"{Name}: {weights.Columns} columns exceed {LargestColumns}");
        int step = (int)Math.Max(PanelBytes / rowBytes, Math.Min(RowGranularity, DecodedBytes / rowBytes));
        int blockBytes = (int)format.BytesOf(weights.Columns);
        for (int begin = rowBegin; begin < rowEnd; begin += step)
        {
            int rows = Math.Min(step, rowEnd - begin);
            for (int row = 0; row < rows; row++)
                format.Decode(
                    new ReadOnlySpan<byte>(weights.Data + (begin + row) * weights.RowBytes, blockBytes),
                    new Span<float>(scratch + row * rowBytes, weights.Columns));
            var panel = new WeightView
            {
                Data = scratch, Rows = rows, Columns = weights.Columns, RowBytes = rowBytes, Type = WeightType.F32,
            };
            single.Multiply(panel, 0, rows, input, output + begin, outputStride, scratch + DecodedBytes);
        }
    }
}
