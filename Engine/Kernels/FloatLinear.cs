using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Engine.Formats;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>Finds the linear cells for weights that are floats.</summary>
internal static class FloatLinear
{
    /// <summary>The cell for F32, F16 or BF16 weights on <paramref name="isa"/>; null for other types.</summary>
    public static LinearKernel? Find(InstructionSet isa, WeightType type) => type switch
    {
        WeightType.F32 => Create<SingleWeight>(isa, type),
        WeightType.F16 => Create<HalfWeight>(isa, type),
        WeightType.BF16 => Create<BFloat16Weight>(isa, type),
        _ => null,
    };

    private static LinearKernel Create<TWeight>(InstructionSet isa, WeightType type)
        where TWeight : struct, IFloatWeight
    {
        string name = $"{type} {InstructionSets.NameOf(isa)}";
        switch (isa)
        {
            case InstructionSet.Scalar:
                return Create<FloatWordsScalar, float, TWeight>(name);
            case InstructionSet.Neon or InstructionSet.NeonDotProd when AdvSimd.Arm64.IsSupported:
                return Create<FloatWords128, Vector128<float>, TWeight>(name);
            case InstructionSet.Avx2 or InstructionSet.Avx2Vnni when Avx2.IsSupported && Fma.IsSupported:
                return Create<FloatWords256, Vector256<float>, TWeight>(name);
            case InstructionSet.Avx512 or InstructionSet.Avx512Vnni when Avx512BW.IsSupported:
                return Create<FloatWords512, Vector512<float>, TWeight>(name);
            default:
                throw new PlatformNotSupportedException($"no float kernels for {InstructionSets.NameOf(isa)} here");
        }
    }

    private static ByTokensLinear Create<W, V, TWeight>(string name)
        where W : struct, IFloatWords<V>
        where V : unmanaged
        where TWeight : struct, IFloatWeight =>
        new(new FloatMatVec<W, V, TWeight>($"{name} matvec"), new FloatTile<W, V, TWeight>($"{name} tile"),
            QuantizedLinear.ManyTokens);
}
