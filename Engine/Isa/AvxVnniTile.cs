using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Isa;

/// <summary>Tiles by <c>vpdpbusd</c>, 256 bit: sums of 32 bits.</summary>
internal readonly unsafe struct AvxVnniTile : ITileWords256<Vector256<byte>, Vector256<int>>
{
    public static bool SignedWeights => false;

    public static bool Narrow => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int StartWord(sbyte* a, int quads, int offset) => -offset * TileSums.All(a, quads);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot(Vector256<int> sum, Vector256<byte> weights, Vector256<byte> a) =>
        AvxVnni.MultiplyWideningAndAdd(sum, weights, a.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Widen(Vector256<int> sum, int bits) => bits == 0 ? sum : sum << bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> WidenScaled(Vector256<int> sum, byte* scales, int bits) =>
        Widen(sum, bits) * Vector256.Load((int*)scales);

    public static int ScaleWord(short scale) => scale;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddPairs(Vector256<int> total, byte* pairs, int* sums) =>
        AvxVnni.MultiplyWideningAndAdd(total, Vector256.Load((short*)pairs), Vector256.Create(*sums).AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Load(byte* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> BroadcastQuad(sbyte* source) => Vector256.Create(*(int*)source).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Start(int* word) => Vector256.Create(*word);
}
