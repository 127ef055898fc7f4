using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Engine.Formats;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>The table of integer cells: weight format × instruction set.</summary>
internal static class QuantizedLinear
{
    /// <summary>The cell for a format on an instruction set; null if the format has no lanes.</summary>
    public static LinearKernel? Find(InstructionSet isa, WeightType type)
    {
        // The tests of IsSupported are constants to the ahead-of-time compiler, which drops what cannot run.
        switch (isa)
        {
            case InstructionSet.Scalar:
                return Build<ScalarLanes, ScalarBytes, int, float>(isa, type);
            case InstructionSet.Neon when AdvSimd.Arm64.IsSupported:
                return Build<NeonLanes<NeonDot>, NeonBytes, Vector128<int>, Vector128<float>>(isa, type);
            case InstructionSet.NeonDotProd when AdvSimd.Arm64.IsSupported && Dp.IsSupported:
                return Build<NeonLanes<NeonDotProdDot>, NeonBytes, Vector128<int>, Vector128<float>>(isa, type);
            case InstructionSet.Avx2 or InstructionSet.Avx512 when Avx2.IsSupported:
                return Build<Avx2Lanes<Avx2Dot>, Vector256<byte>, Vector256<int>, Vector256<float>>(isa, type);
            case InstructionSet.Avx2Vnni or InstructionSet.Avx512Vnni when AvxVnni.IsSupported:
                return Build<Avx2Lanes<AvxVnniDot>, Vector256<byte>, Vector256<int>, Vector256<float>>(isa, type);
            default:
                return null;
        }
    }

    private static LinearKernel? Build<TWords, TB, TI, TF>(InstructionSet isa, WeightType type)
        where TWords : struct, ILaneWords<TB, TI, TF>
        where TB : struct
        where TI : struct
        where TF : struct => type switch
        {
            WeightType.Q4_0 => new BlockMatVec<Q4_0Lanes, TWords, TB, TI, TF>(isa),
            WeightType.Q4_1 => new BlockMatVec<Q4_1Lanes, TWords, TB, TI, TF>(isa),
            WeightType.Q5_0 => new BlockMatVec<Q5_0Lanes, TWords, TB, TI, TF>(isa),
            WeightType.Q5_1 => new BlockMatVec<Q5_1Lanes, TWords, TB, TI, TF>(isa),
            WeightType.Q8_0 => new BlockMatVec<Q8_0Lanes, TWords, TB, TI, TF>(isa),
            WeightType.IQ4_NL => new BlockMatVec<IQ4_NLLanes, TWords, TB, TI, TF>(isa),
            WeightType.MXFP4 => new BlockMatVec<MXFP4Lanes, TWords, TB, TI, TF>(isa),
            WeightType.Q2_K => new SuperBlockMatVec<Q2_KLanes, TWords, TB, TI, TF>(isa),
            WeightType.Q3_K => new SuperBlockMatVec<Q3_KLanes, TWords, TB, TI, TF>(isa),
            WeightType.Q4_K => new SuperBlockMatVec<Q4_KLanes, TWords, TB, TI, TF>(isa),
            WeightType.Q5_K => new SuperBlockMatVec<Q5_KLanes, TWords, TB, TI, TF>(isa),
            WeightType.Q6_K => new SuperBlockMatVec<Q6_KLanes, TWords, TB, TI, TF>(isa),
            WeightType.IQ4_XS => new SuperBlockMatVec<IQ4_XSLanes, TWords, TB, TI, TF>(isa),
            _ => null,
        };
}
