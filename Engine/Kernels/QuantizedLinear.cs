using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Engine.Formats;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>The table of integer cells: weight format × instruction set.</summary>
internal static class QuantizedLinear
{
    /// <summary>Tokens from which on unpacking into a panel pays. With fewer, a token's result does not depend on the
    /// others.</summary>
    public const int ManyTokens = 12;

    /// <summary>The cell for a format on an instruction set; null if the format has no lanes.</summary>
    public static LinearKernel? Find(InstructionSet isa, WeightType type)
    {
        // The tests of IsSupported are constants to the ahead-of-time compiler, which drops what cannot run.
        switch (isa)
        {
            case InstructionSet.Scalar:
                return QuantizedCells<ScalarLanes, ScalarBytes, int, float>.MatVec(isa, type);
            case InstructionSet.Neon when AdvSimd.Arm64.IsSupported:
                return QuantizedCells<NeonLanes<NeonDot>, NeonBytes, Vector128<int>, Vector128<float>>
                    .With<SignedRoute, NeonTile<NeonDot, NeonSums>, Vector128<sbyte>, NeonSums, Vector128<int>,
                        Vector128<float>>(isa, type, ManyTokens);
            case InstructionSet.NeonDotProd when AdvSimd.Arm64.IsSupported && Dp.IsSupported:
                return QuantizedCells<NeonLanes<NeonDotProdDot>, NeonBytes, Vector128<int>, Vector128<float>>
                    .With<SignedRoute, NeonTile<NeonDotProdDot, Vector128<int>>, Vector128<sbyte>, Vector128<int>,
                        Vector128<int>, Vector128<float>>(isa, type, ManyTokens);
            case InstructionSet.Avx2 when Avx2.IsSupported && IsEightBitBlock(type):
                return QuantizedCells<Avx2Lanes<Avx2Dot>, Vector256<byte>, Vector256<int>, Vector256<float>>
                    .With<WordRoute, WordTile256<Avx2Panel>, Vector256<short>, Vector256<int>, Vector256<int>,
                        Vector256<float>>(isa, type, ManyTokens);
            case InstructionSet.Avx2 when Avx2.IsSupported:
                return QuantizedCells<Avx2Lanes<Avx2Dot>, Vector256<byte>, Vector256<int>, Vector256<float>>
                    .With<NarrowRoute, Avx2Tile, Vector256<byte>, Vector256<short>, Vector256<int>, Vector256<float>>(
                        isa, type, ManyTokens);
            case InstructionSet.Avx512 when Avx512BW.IsSupported && IsEightBitBlock(type):
                return EightBitBlocks(isa, type, InstructionSets.SplitsVector512);
            case InstructionSet.Avx512 when Avx512BW.IsSupported:
                return QuantizedCells<Avx2Lanes<Avx2Dot>, Vector256<byte>, Vector256<int>, Vector256<float>>
                    .With<NarrowRoute, Avx512Tile, Vector512<byte>, Vector512<short>, Vector512<int>,
                        Vector512<float>>(isa, type, ManyTokens);
            // .NET 10 has VNNI in 256 bits only: weights of up to six bits go faster by 512-bit vpmaddubsw.
            case InstructionSet.Avx512Vnni when Avx512BW.IsSupported && AvxVnni.IsSupported && !IsEightBit(type):
                return QuantizedCells<Avx2Lanes<AvxVnniDot>, Vector256<byte>, Vector256<int>, Vector256<float>>
                    .With<NarrowRoute, Avx512Tile, Vector512<byte>, Vector512<short>, Vector512<int>,
                        Vector512<float>>(isa, type, ManyTokens);
            case InstructionSet.Avx2Vnni or InstructionSet.Avx512Vnni when AvxVnni.IsSupported:
                return QuantizedCells<Avx2Lanes<AvxVnniDot>, Vector256<byte>, Vector256<int>, Vector256<float>>
                    .With<WideRoute, AvxVnniTile, Vector256<byte>, Vector256<int>, Vector256<int>,
                        Vector256<float>>(isa, type, ManyTokens);
            default:
                return null;
        }
    }

    /// <summary>Words of 16 bits with AVX-512, in 512 bits or in halves: the same bits.</summary>
    internal static LinearKernel? EightBitBlocks(InstructionSet isa, WeightType type, bool halves) => halves
        ? QuantizedCells<Avx2Lanes<Avx2Dot>, Vector256<byte>, Vector256<int>, Vector256<float>>
            .With<WordRoute, WordTile256<Avx512Panel>, Vector256<short>, Vector256<int>, Vector256<int>,
                Vector256<float>>(isa, type, ManyTokens)
        : QuantizedCells<Avx2Lanes<Avx2Dot>, Vector256<byte>, Vector256<int>, Vector256<float>>
            .With<WordRoute, Avx512WordTile, Vector512<short>, Vector512<int>, Vector512<int>, Vector512<float>>(
                isa, type, ManyTokens);

    internal static bool IsEightBit(WeightType type) => IsEightBitBlock(type) || type == WeightType.IQ4_XS;

    /// <summary>Eight bits without integer scales, which would have to multiply 32-bit sums: as words, where
    /// there is no VNNI.</summary>
    internal static bool IsEightBitBlock(WeightType type) => type is WeightType.Q8_0 or WeightType.IQ4_NL;
}
