using Engine.Formats;

namespace Engine.Bench;

// As LinearCells, for the formats that have a packed order.

public class MatVecPackedQ4_0() : MatVec(WeightType.Q4_0, packed: true);

public class MatVecPackedQ4_1() : MatVec(WeightType.Q4_1, packed: true);

public class MatVecPackedQ5_0() : MatVec(WeightType.Q5_0, packed: true);

public class MatVecPackedQ5_1() : MatVec(WeightType.Q5_1, packed: true);

public class MatVecPackedQ8_0() : MatVec(WeightType.Q8_0, packed: true);

public class MatVecPackedQ2_K() : MatVec(WeightType.Q2_K, packed: true);

public class MatVecPackedQ3_K() : MatVec(WeightType.Q3_K, packed: true);

public class MatVecPackedQ4_K() : MatVec(WeightType.Q4_K, packed: true);

public class MatVecPackedQ5_K() : MatVec(WeightType.Q5_K, packed: true);

public class MatVecPackedQ6_K() : MatVec(WeightType.Q6_K, packed: true);

public class MatVecPackedIQ4_NL() : MatVec(WeightType.IQ4_NL, packed: true);

public class MatVecPackedIQ4_XS() : MatVec(WeightType.IQ4_XS, packed: true);

public class MatVecPackedMXFP4() : MatVec(WeightType.MXFP4, packed: true);

public class TilePackedQ4_0() : Tile(WeightType.Q4_0, packed: true);

public class TilePackedQ4_1() : Tile(WeightType.Q4_1, packed: true);

public class TilePackedQ5_0() : Tile(WeightType.Q5_0, packed: true);

public class TilePackedQ5_1() : Tile(WeightType.Q5_1, packed: true);

public class TilePackedQ8_0() : Tile(WeightType.Q8_0, packed: true);

public class TilePackedQ2_K() : Tile(WeightType.Q2_K, packed: true);

public class TilePackedQ3_K() : Tile(WeightType.Q3_K, packed: true);

public class TilePackedQ4_K() : Tile(WeightType.Q4_K, packed: true);

public class TilePackedQ5_K() : Tile(WeightType.Q5_K, packed: true);

public class TilePackedQ6_K() : Tile(WeightType.Q6_K, packed: true);

public class TilePackedIQ4_NL() : Tile(WeightType.IQ4_NL, packed: true);

public class TilePackedIQ4_XS() : Tile(WeightType.IQ4_XS, packed: true);

public class TilePackedMXFP4() : Tile(WeightType.MXFP4, packed: true);
