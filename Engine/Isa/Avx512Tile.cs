using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Isa;

/// <summary>Tiles by <c>vpmaddubsw</c>, 512 bit: pair sums added in 16 bits, widened once a segment.</summary>
internal readonly unsafe struct Avx512Tile : ITileWords512<Vector512<byte>, Vector512<short>>
{
    public static bool SignedWeights => false;

    public static bool Narrow => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int StartWord(sbyte* a, int quads, int offset) => TileSums.Halves(a, quads, offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> Dot(Vector512<short> sum, Vector512<byte> weights, Vector512<byte> a) =>
        sum + Avx512BW.MultiplyAddAdjacent(weights, a.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Widen(Vector512<short> sum, int bits) =>
        Avx512BW.MultiplyAddAdjacent(sum, Vector512.Create((short)(1 << bits)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> WidenScaled(Vector512<short> sum, byte* scales, int bits)
    {
        Vector512<short> factors = Vector512.Load((short*)scales);
        return Avx512BW.MultiplyAddAdjacent(sum, bits == 0 ? factors : factors << bits);
    }

    public static int ScaleWord(short scale) => (ushort)scale | scale << 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Load(byte* source) => Vector512.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> BroadcastQuad(sbyte* source) => Vector512.Create(*(int*)source).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> Start(int* word) => Vector512.Create(*word).AsInt16();
}
