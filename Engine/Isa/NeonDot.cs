using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Engine.Isa;

/// <summary>int8 products by SMULL, added in pairs to 32 bits.</summary>
internal readonly struct NeonDot : INeonDot, INeonTileDot<NeonSums>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot(Vector128<int> sum, Vector128<sbyte> w, Vector128<sbyte> a)
    {
        // −128 · −127 twice still fits the 16 bits that two products would share, but not with a third: widen at once.
        sum = AdvSimd.AddPairwiseWideningAndAdd(sum, AdvSimd.MultiplyWideningLower(w.GetLower(), a.GetLower()));
        return AdvSimd.AddPairwiseWideningAndAdd(sum, AdvSimd.MultiplyWideningUpper(w, a));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NeonSums Dot(NeonSums sum, Vector128<sbyte> weights, Vector128<sbyte> a) => new(
        AdvSimd.AddPairwiseWideningAndAdd(
            sum.Low, AdvSimd.MultiplyWideningLower(weights.GetLower(), a.GetLower())),
        AdvSimd.AddPairwiseWideningAndAdd(sum.High, AdvSimd.MultiplyWideningUpper(weights, a)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Rows(NeonSums sum) => AdvSimd.Arm64.AddPairwise(sum.Low, sum.High);
}

/// <summary>Two sums for each of four rows.</summary>
internal readonly struct NeonSums(Vector128<int> low, Vector128<int> high)
{
    public readonly Vector128<int> Low = low;
    public readonly Vector128<int> High = high;
}
