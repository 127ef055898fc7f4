using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Isa;

/// <summary>Tiles by <c>vpmaddubsw</c>, 256 bit: pair sums added in 16 bits, widened once a segment.</summary>
internal readonly unsafe struct Avx2Tile : ITileWords256<Vector256<byte>, Vector256<short>>
{
    public static bool SignedWeights => false;

    public static bool Narrow => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int StartWord(sbyte* a, int quads, int offset) => TileSums.Halves(a, quads, offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Dot(Vector256<short> sum, Vector256<byte> weights, Vector256<byte> a) =>
        sum + Avx2.MultiplyAddAdjacent(weights, a.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Widen(Vector256<short> sum, int bits) =>
        Avx2.MultiplyAddAdjacent(sum, Vector256.Create((short)(1 << bits)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> WidenScaled(Vector256<short> sum, byte* scales, int bits)
    {
        Vector256<short> factors = Vector256.Load((short*)scales);
        return Avx2.MultiplyAddAdjacent(sum, bits == 0 ? factors : factors << bits);
    }

    public static int ScaleWord(short scale) => (ushort)scale | scale << 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Load(byte* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> BroadcastQuad(sbyte* source) => Vector256.Create(*(int*)source).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Start(int* word) => Vector256.Create(*word).AsInt16();
}
