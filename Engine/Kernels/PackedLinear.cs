using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Engine.Formats;
using Engine.Formats.Packed;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>A packed matrix: strips by packed cells, the rows behind them by the cell of ordinary order.</summary>
internal sealed unsafe class PackedLinear(LinearKernel few, LinearKernel many, LinearKernel rest) : LinearKernel
{
    /// <summary>Tokens from which on unpacking into a panel pays. It makes no difference to the bits.</summary>
    public const int ManyTokens = 4;

    public override ActivationKinds Input => few.Input;

    /// <summary>The cell of the strips.</summary>
    public override LinearKernel CellFor(int rows) => rows < ManyTokens ? few : many;

    public override TokenTiles? Tiles(int rows) => CellFor(rows).Tiles(rows);

    public override int RowGranularity => PackedLayout.Rows;

    public override string Name { get; } = $"{few.Name} + {many.Name} + {rest.Name}";

    /// <summary>The cell for packed weights of a type; null if the type is never packed.</summary>
    public static LinearKernel? Find(InstructionSet isa, WeightType type)
    {
        if (PackedLayout.Find(type) is null || QuantizedLinear.Find(isa, type) is not { } cell) return null;
        LinearKernel rest = cell is ByTokensLinear both ? both.Few : cell;
        // The tests of IsSupported are constants to the ahead-of-time compiler, which drops what cannot run.
        return isa switch
        {
            InstructionSet.Scalar => PackedCells<ScalarTile, ScalarTile, uint, int, int, float, WideRoute>
                .Find(isa, type, rest),
            InstructionSet.Neon when AdvSimd.Arm64.IsSupported =>
                PackedCells<NeonTile<NeonDot, NeonSums>, PackedNeon<NeonDot, NeonSums>, Vector128<sbyte>, NeonSums,
                    Vector128<int>, Vector128<float>, SignedRoute>.Find(isa, type, rest),
            InstructionSet.NeonDotProd when AdvSimd.Arm64.IsSupported && Dp.IsSupported =>
                PackedCells<NeonTile<NeonDotProdDot, Vector128<int>>, PackedNeon<NeonDotProdDot, Vector128<int>>,
                    Vector128<sbyte>, Vector128<int>, Vector128<int>, Vector128<float>, SignedRoute>
                    .Find(isa, type, rest),
            InstructionSet.Avx2 when Avx2.IsSupported && QuantizedLinear.IsEightBitBlock(type) =>
                PackedCells<Avx2Tile, Packed256<NarrowSums256, Vector256<short>>, Vector256<byte>, Vector256<short>,
                    Vector256<int>, Vector256<float>, WordRoute>
                    .FindWords<WordTile256<Avx2Panel>, Vector256<short>, Vector256<int>, Vector256<float>>(
                        isa, type, rest),
            InstructionSet.Avx2 when Avx2.IsSupported =>
                PackedCells<Avx2Tile, Packed256<NarrowSums256, Vector256<short>>, Vector256<byte>, Vector256<short>,
                    Vector256<int>, Vector256<float>, NarrowRoute>.Find(isa, type, rest),
            // As in ordinary order: .NET 10 has VNNI in 256 bits only, which pays for eight bits.
            InstructionSet.Avx512Vnni when AvxVnni.IsSupported && QuantizedLinear.IsEightBit(type) =>
                PackedCells<AvxVnniTile, Packed256<WideSums256, Vector256<int>>, Vector256<byte>, Vector256<int>,
                    Vector256<int>, Vector256<float>, WideRoute>.Find(isa, type, rest),
            InstructionSet.Avx512 when Avx512BW.IsSupported && QuantizedLinear.IsEightBitBlock(type) =>
                EightBitBlocks(isa, type, rest, InstructionSets.SplitsVector512),
            InstructionSet.Avx512 or InstructionSet.Avx512Vnni when Avx512BW.IsSupported =>
                PackedCells<Avx512Tile, Packed512, Vector512<byte>, Vector512<short>, Vector512<int>,
                    Vector512<float>, NarrowRoute>.Find(isa, type, rest),
            InstructionSet.Avx2Vnni when AvxVnni.IsSupported =>
                PackedCells<AvxVnniTile, Packed256<WideSums256, Vector256<int>>, Vector256<byte>, Vector256<int>,
                    Vector256<int>, Vector256<float>, WideRoute>.Find(isa, type, rest),
            _ => null,
        };
    }

    /// <summary>Words of 16 bits with AVX-512, in 512 bits or in halves: the same bits.</summary>
    internal static LinearKernel? EightBitBlocks(InstructionSet isa, WeightType type, LinearKernel rest, bool halves) =>
        halves
            ? PackedCells<Avx512Tile, Packed512, Vector512<byte>, Vector512<short>, Vector512<int>, Vector512<float>,
                WordRoute>.FindWords<WordTile256<Avx512Panel>, Vector256<short>, Vector256<int>, Vector256<float>>(
                    isa, type, rest)
            : PackedCells<Avx512Tile, Packed512, Vector512<byte>, Vector512<short>, Vector512<int>, Vector512<float>,
                WordRoute>.FindWords<Avx512WordTile, Vector512<short>, Vector512<int>, Vector512<float>>(
                    isa, type, rest);

    public override void Multiply(in WeightView weights, int rowBegin, int rowEnd, in ActivationView input,
        float* output, nint outputStride, byte* scratch)
    {
        int end = Math.Min(rowEnd, weights.Rows & -PackedLayout.Rows);
        LinearKernel strips = CellFor(input.Rows);
        if (rowBegin < end) strips.Multiply(weights, rowBegin, end, input, output, outputStride, scratch);
        int behind = Math.Max(rowBegin, end);
        if (behind < rowEnd) MultiplyRest(weights, behind, rowEnd, input, output, outputStride, scratch);
    }

    /// <summary>The rows behind the strips, at most 15: their cell brings tokens into its own form, here in the scratch
    /// that it does not use.</summary>
    private void MultiplyRest(in WeightView weights, int rowBegin, int rowEnd, in ActivationView input,
        float* output, nint outputStride, byte* scratch)
    {
        for (int token = 0; token < input.Rows; token++)
        {
            ActivationView one = input.Row(token);
            if (rest.Tiles(1) is { } tiles)
            {
                tiles.Write(one, 0, scratch);
                one.Tiles = scratch;
            }

            rest.Multiply(weights, rowBegin, rowEnd, one, output + token * outputStride, outputStride, scratch);
        }
    }
}

/// <summary>Makes the packed cells of one instruction set's words for a format known at run time.</summary>
internal static class PackedCells<TTile, TWords, TW, TA, TI, TF, TRoute>
    where TTile : struct, ITileWords<TW, TA, TI, TF>
    where TWords : struct, IPackedWords<TW, TA, TI, TF>
    where TW : struct
    where TA : struct
    where TI : struct
    where TF : struct
    where TRoute : struct, ITileRoute
{
    public static LinearKernel? Find(InstructionSet isa, WeightType type, LinearKernel rest) => type switch
    {
        WeightType.Q4_0 => Cell<PackedQ4_0>(isa, rest),
        WeightType.Q4_1 => Cell<PackedQ4_1>(isa, rest),
        WeightType.Q5_0 => Cell<PackedQ5_0>(isa, rest),
        WeightType.Q5_1 => Cell<PackedQ5_1>(isa, rest),
        WeightType.Q8_0 => Cell<PackedQ8_0>(isa, rest),
        WeightType.IQ4_NL => Cell<PackedIQ4_NL>(isa, rest),
        WeightType.MXFP4 => Cell<PackedMXFP4>(isa, rest),
        WeightType.Q2_K => Cell<PackedQ2_K>(isa, rest),
        WeightType.Q3_K => Cell<PackedQ3_K>(isa, rest),
        WeightType.Q4_K => Cell<PackedQ4_K>(isa, rest),
        WeightType.Q5_K => Cell<PackedQ5_K>(isa, rest),
        WeightType.Q6_K => Cell<PackedQ6_K>(isa, rest),
        WeightType.IQ4_XS => Cell<PackedIQ4_XS>(isa, rest),
        _ => null,
    };

    /// <summary>Eight-bit blocks with a tile by 16-bit words; null for other formats.</summary>
    public static LinearKernel? FindWords<TWordTile, TShorts, TInts, TFloats>(
        InstructionSet isa, WeightType type, LinearKernel rest)
        where TWordTile : struct, ITileWords<TShorts, TInts, TInts, TFloats>
        where TShorts : struct
        where TInts : struct
        where TFloats : struct => type switch
        {
            WeightType.Q8_0 => Cell<PackedQ8_0, TWordTile, TShorts, TInts, TInts, TFloats>(isa, rest),
            WeightType.IQ4_NL => Cell<PackedIQ4_NL, TWordTile, TShorts, TInts, TInts, TFloats>(isa, rest),
            _ => null,
        };

    private static PackedLinear Cell<TFormat>(InstructionSet isa, LinearKernel rest)
        where TFormat : struct, IPackedLanes => Cell<TFormat, TTile, TW, TA, TI, TF>(isa, rest);

    private static PackedLinear Cell<TFormat, TManyTile, TW2, TA2, TI2, TF2>(InstructionSet isa, LinearKernel rest)
        where TFormat : struct, IPackedLanes
        where TManyTile : struct, ITileWords<TW2, TA2, TI2, TF2>
        where TW2 : struct
        where TA2 : struct
        where TI2 : struct
        where TF2 : struct
    {
        string name = $"{TFormat.Type} {InstructionSets.NameOf(isa)} packed";
        var few = new PackedMatVec<TFormat, TTile, TWords, TW, TA, TI, TF>(name + " matvec");
        // Without vectors there is nothing to gain from a panel.
        LinearKernel many = TTile.Rows == 1 ? few
            : new TileLinear<PackedTileSource<TFormat, TTile, TWords, TW, TA, TI, TF, TRoute>, TManyTile, TW2, TA2,
                TI2, TF2>($"{name} {typeof(TManyTile).Name}");
        return new PackedLinear(few, many, rest);
    }
}
