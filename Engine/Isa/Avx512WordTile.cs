using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Isa;

/// <summary>Tiles by <c>vpmaddwd</c>, 512 bit: eight-bit weights and activations widened to 16 bits, sums of 32.
/// </summary>
/// <remarks>Per 64 products as many operations as two planes of nibbles take, but no widening at the end.</remarks>
internal readonly unsafe struct Avx512WordTile
    : ITileWords<Vector512<short>, Vector512<int>, Vector512<int>, Vector512<float>>
{
    public static int Rows => Avx512Tile.Rows;

    public static bool SignedWeights => true;

    public static bool Narrow => false;

    public static int StartWord(sbyte* a, int quads, int offset) => 0;

    public static Vector512<int> Start(int* word) => Vector512<int>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Dot(Vector512<int> sum, Vector512<short> weights, Vector512<short> a) =>
        sum + Avx512BW.MultiplyAddAdjacent(weights, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Widen(Vector512<int> sum, int bits) => bits == 0 ? sum : sum << bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> WidenScaled(Vector512<int> sum, byte* scales, int bits) =>
        Widen(sum, bits) * Vector512.Load((int*)scales);

    public static int ScaleWord(short scale) => scale;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> AddPairs(Vector512<int> total, byte* pairs, int* sums) =>
        Avx512Tile.AddPairs(total, pairs, sums);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> Load(byte* source) => Vector512.Load((short*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> BroadcastQuad(sbyte* source) => Vector512.Create(*(int*)source).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Add(Vector512<int> left, Vector512<int> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> ToFloat(Vector512<int> value) => Vector512.ConvertToSingle(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Broadcast(float* source) => Vector512.Create(*source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadFloats(float* source) => Vector512.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> value, float* target) => value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Add(Vector512<float> left, Vector512<float> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Multiply(Vector512<float> left, Vector512<float> right) => left * right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> left, Vector512<float> right, Vector512<float> sum) =>
        Avx512Tile.MultiplyAdd(left, right, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(void* address) => Sse.Prefetch0(address);
}
