using Engine.Formats;
using Engine.Isa;

namespace Engine.Kernels;

/// <summary>Makes the cells of one instruction set's words for a format known at run time.</summary>
internal static class QuantizedCells<TWords, TB, TI, TF>
    where TWords : struct, ILaneWords<TB, TI, TF>
    where TB : struct
    where TI : struct
    where TF : struct
{
    /// <summary>The matrix-vector cell; null if the format has no lanes.</summary>
    public static LinearKernel? MatVec(InstructionSet isa, WeightType type) => type switch
    {
        WeightType.Q4_0 => new BlockMatVec<Q4_0Lanes, TWords, TB, TI, TF>(isa),
        WeightType.Q4_1 => new BlockMatVec<Q4_1Lanes, TWords, TB, TI, TF>(isa),
        WeightType.Q5_0 => new BlockMatVec<Q5_0Lanes, TWords, TB, TI, TF>(isa),
        WeightType.Q5_1 => new BlockMatVec<Q5_1Lanes, TWords, TB, TI, TF>(isa),
        WeightType.Q8_0 => new ByteMatVec<Q8_0Lanes, TWords, TB, TI, TF>(isa),
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

    /// <summary>The matrix-vector cell and, from so many tokens on, the tile of the given words.</summary>
    public static LinearKernel? With<TRoute, TTile, TW, TA, TI2, TF2>(
        InstructionSet isa, WeightType type, int manyTokens)
        where TRoute : struct, ITileRoute
        where TTile : struct, ITileWords<TW, TA, TI2, TF2>
        where TW : struct
        where TA : struct
        where TI2 : struct
        where TF2 : struct
    {
        LinearKernel? few = MatVec(isa, type);
        LinearKernel? many = Tiles<TRoute, TTile, TW, TA, TI2, TF2>.Find(isa, type);
        return few is null || many is null ? null : new ByTokensLinear(few, many, manyTokens);
    }

    private static class Tiles<TRoute, TTile, TW, TA, TI2, TF2>
        where TRoute : struct, ITileRoute
        where TTile : struct, ITileWords<TW, TA, TI2, TF2>
        where TW : struct
        where TA : struct
        where TI2 : struct
        where TF2 : struct
    {
        public static LinearKernel? Find(InstructionSet isa, WeightType type)
        {
            string name = $"{type} {InstructionSets.NameOf(isa)} {typeof(TTile).Name}";
            return type switch
            {
                WeightType.Q4_0 => Block<Q4_0Lanes>(name),
                WeightType.Q4_1 => Block<Q4_1Lanes>(name),
                WeightType.Q5_0 => Block<Q5_0Lanes>(name),
                WeightType.Q5_1 => Block<Q5_1Lanes>(name),
                WeightType.Q8_0 => Block<Q8_0Lanes>(name),
                WeightType.IQ4_NL => Block<IQ4_NLLanes>(name),
                WeightType.MXFP4 => Block<MXFP4Lanes>(name),
                WeightType.Q2_K => SuperBlock<Q2_KLanes>(name),
                WeightType.Q3_K => SuperBlock<Q3_KLanes>(name),
                WeightType.Q4_K => SuperBlock<Q4_KLanes>(name),
                WeightType.Q5_K => SuperBlock<Q5_KLanes>(name),
                WeightType.Q6_K => SuperBlock<Q6_KLanes>(name),
                WeightType.IQ4_XS => SuperBlock<IQ4_XSLanes>(name),
                _ => null,
            };
        }

        private static TileLinear<BlockTileSource<TFormat, TWords, TB, TI, TF, TRoute>, TTile, TW, TA, TI2, TF2>
            Block<TFormat>(string name)
            where TFormat : struct, IBlockLanes => new(name);

        private static TileLinear<SuperBlockTileSource<TFormat, TWords, TB, TI, TF, TRoute>, TTile, TW, TA, TI2, TF2>
            SuperBlock<TFormat>(string name)
            where TFormat : struct, ISuperBlockLanes => new(name);
    }
}
