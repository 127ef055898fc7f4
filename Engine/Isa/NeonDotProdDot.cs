using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Engine.Isa;

/// <summary>int8 products by SDOT.</summary>
internal readonly struct NeonDotProdDot : INeonDot, INeonTileDot<Vector128<int>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot(Vector128<int> sum, Vector128<sbyte> w, Vector128<sbyte> a) =>
        Dp.DotProduct(sum, w, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Rows(Vector128<int> sum) => sum;
}
