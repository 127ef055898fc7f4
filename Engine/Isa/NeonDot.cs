using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Engine.Isa;

/// <summary>int8 products by SMULL, added in pairs to 32 bits.</summary>
internal readonly struct NeonDot : INeonDot
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot(Vector128<int> sum, Vector128<sbyte> w, Vector128<sbyte> a)
    {
        // −128 · −127 twice still fits the 16 bits that two products would share, but not with a third: widen at once.
        sum = AdvSimd.AddPairwiseWideningAndAdd(sum, AdvSimd.MultiplyWideningLower(w.GetLower(), a.GetLower()));
        return AdvSimd.AddPairwiseWideningAndAdd(sum, AdvSimd.MultiplyWideningUpper(w, a));
    }
}
