using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Isa;

/// <summary>Tiles by <c>vpmaddwd</c>, 512 bit: eight-bit weights and activations widened to 16 bits, sums of 32.
/// </summary>
/// <remarks>Per 64 products as many operations as two planes of nibbles take, but no widening at the end.</remarks>
internal readonly unsafe struct Avx512WordTile : ITileWords512<Vector512<short>, Vector512<int>>
{
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
    public static Vector512<short> Load(byte* source) => Vector512.Load((short*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> BroadcastQuad(sbyte* source) => Vector512.Create(*(int*)source).AsInt16();
}
