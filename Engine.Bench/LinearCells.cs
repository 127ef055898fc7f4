using Engine.Formats;

namespace Engine.Bench;

// A class for each format, so that --filter '*MatVecQ4_K*' names one and a report has a table for each.

public class MatVecF32() : MatVec(WeightType.F32);

public class MatVecF16() : MatVec(WeightType.F16);

public class MatVecBF16() : MatVec(WeightType.BF16);

public class MatVecQ4_0() : MatVec(WeightType.Q4_0);

public class MatVecQ4_1() : MatVec(WeightType.Q4_1);

public class MatVecQ5_0() : MatVec(WeightType.Q5_0);

public class MatVecQ5_1() : MatVec(WeightType.Q5_1);

public class MatVecQ8_0() : MatVec(WeightType.Q8_0);

public class MatVecQ2_K() : MatVec(WeightType.Q2_K);

public class MatVecQ3_K() : MatVec(WeightType.Q3_K);

public class MatVecQ4_K() : MatVec(WeightType.Q4_K);

public class MatVecQ5_K() : MatVec(WeightType.Q5_K);

public class MatVecQ6_K() : MatVec(WeightType.Q6_K);

public class MatVecIQ1_S() : MatVec(WeightType.IQ1_S);

public class MatVecIQ1_M() : MatVec(WeightType.IQ1_M);

public class MatVecIQ2_XXS() : MatVec(WeightType.IQ2_XXS);

public class MatVecIQ2_XS() : MatVec(WeightType.IQ2_XS);

public class MatVecIQ2_S() : MatVec(WeightType.IQ2_S);

public class MatVecIQ3_XXS() : MatVec(WeightType.IQ3_XXS);

public class MatVecIQ3_S() : MatVec(WeightType.IQ3_S);

public class MatVecIQ4_NL() : MatVec(WeightType.IQ4_NL);

public class MatVecIQ4_XS() : MatVec(WeightType.IQ4_XS);

public class MatVecTQ1_0() : MatVec(WeightType.TQ1_0);

public class MatVecTQ2_0() : MatVec(WeightType.TQ2_0);

public class MatVecMXFP4() : MatVec(WeightType.MXFP4);

public class MatVecNVFP4() : MatVec(WeightType.NVFP4);

public class MatVecQ1_0() : MatVec(WeightType.Q1_0);

public class MatVecQ2_0() : MatVec(WeightType.Q2_0);

public class TileF32() : Tile(WeightType.F32);

public class TileF16() : Tile(WeightType.F16);

public class TileBF16() : Tile(WeightType.BF16);

public class TileQ4_0() : Tile(WeightType.Q4_0);

public class TileQ4_1() : Tile(WeightType.Q4_1);

public class TileQ5_0() : Tile(WeightType.Q5_0);

public class TileQ5_1() : Tile(WeightType.Q5_1);

public class TileQ8_0() : Tile(WeightType.Q8_0);

public class TileQ2_K() : Tile(WeightType.Q2_K);

public class TileQ3_K() : Tile(WeightType.Q3_K);

public class TileQ4_K() : Tile(WeightType.Q4_K);

public class TileQ5_K() : Tile(WeightType.Q5_K);

public class TileQ6_K() : Tile(WeightType.Q6_K);

public class TileIQ1_S() : Tile(WeightType.IQ1_S);

public class TileIQ1_M() : Tile(WeightType.IQ1_M);

public class TileIQ2_XXS() : Tile(WeightType.IQ2_XXS);

public class TileIQ2_XS() : Tile(WeightType.IQ2_XS);

public class TileIQ2_S() : Tile(WeightType.IQ2_S);

public class TileIQ3_XXS() : Tile(WeightType.IQ3_XXS);

public class TileIQ3_S() : Tile(WeightType.IQ3_S);

public class TileIQ4_NL() : Tile(WeightType.IQ4_NL);

public class TileIQ4_XS() : Tile(WeightType.IQ4_XS);

public class TileTQ1_0() : Tile(WeightType.TQ1_0);

public class TileTQ2_0() : Tile(WeightType.TQ2_0);

public class TileMXFP4() : Tile(WeightType.MXFP4);

public class TileNVFP4() : Tile(WeightType.NVFP4);

public class TileQ1_0() : Tile(WeightType.Q1_0);

public class TileQ2_0() : Tile(WeightType.Q2_0);
