using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Engine.Isa;

/// <summary>How a NEON tile sums: with or without SDOT.</summary>
internal interface INeonTileDot<TA>
    where TA : struct
{
    static abstract TA Dot(TA sum, Vector128<sbyte> weights, Vector128<sbyte> a);

    /// <summary>The sum of every row.</summary>
    static abstract Vector128<int> Rows(TA sum);
}

/// <summary>NEON tiles of four rows a vector: signed weights, sums of 32 bits.</summary>
internal readonly unsafe struct NeonTile<TDot, TA> : ITileWords<Vector128<sbyte>, TA, Vector128<int>, Vector128<float>>
    where TDot : struct, INeonTileDot<TA>
    where TA : struct
{
    public static int Rows => 4;

    public static bool SignedWeights => true;

    public static bool Narrow => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Load(byte* source) => Vector128.Load((sbyte*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> BroadcastQuad(sbyte* source) =>
        AdvSimd.LoadAndReplicateToVector128((int*)source).AsSByte();

    public static TA Start(int* word) => default;

    public static int StartWord(sbyte* a, int quads, int offset) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TA Dot(TA sum, Vector128<sbyte> weights, Vector128<sbyte> a) => TDot.Dot(sum, weights, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Widen(TA sum, int bits) => bits == 0 ? TDot.Rows(sum) : TDot.Rows(sum) << bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> WidenScaled(TA sum, byte* scales, int bits) =>
        Widen(sum, bits) * Vector128.Load((int*)scales);

    public static int ScaleWord(short scale) => scale;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Add(Vector128<int> left, Vector128<int> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> AddPairs(Vector128<int> total, byte* pairs, int* sums)
    {
        Vector128<short> minimums = Vector128.Load((short*)pairs), both = Vector128.Create(*sums).AsInt16();
        Vector128<int> low = AdvSimd.MultiplyWideningLower(minimums.GetLower(), both.GetLower());
        Vector128<int> high = AdvSimd.MultiplyWideningUpper(minimums, both);
        return total + AdvSimd.Arm64.AddPairwise(low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> ToFloat(Vector128<int> value) => AdvSimd.ConvertToSingle(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Broadcast(float* source) => AdvSimd.LoadAndReplicateToVector128(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadFloats(float* source) => Vector128.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<float> value, float* target) => value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply(Vector128<float> left, Vector128<float> right) => left * right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(
        Vector128<float> left, Vector128<float> right, Vector128<float> sum) =>
        AdvSimd.FusedMultiplyAdd(sum, left, right);

    public static void Prefetch(void* address)
    {
        // .NET has no prefetch for Arm.
    }
}
