using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Isa;

/// <summary>How many vectors of rows a panel has.</summary>
internal interface IPanelVectors
{
    /// <inheritdoc cref="ITileWords{TW,TA,TI,TF}.PanelVectors"/>
    static abstract int Count { get; }
}

/// <summary>Two vectors × four tokens: 8 sums, for 16 registers.</summary>
internal readonly struct Avx2Panel : IPanelVectors
{
    public static int Count => 2;
}

/// <summary>Four vectors × four tokens: 16 sums, for the 32 registers of AVX-512.</summary>
/// <remarks>For processors that execute 512 bits in two halves (<see cref="InstructionSets.SplitsVector512"/>): on Zen
/// 4 additions and <c>vpmaddwd</c> reach 95.5 GMAC/s in 256 bits and 88 in 512.</remarks>
internal readonly struct Avx512Panel : IPanelVectors
{
    public static int Count => 4;
}

/// <summary>Tiles by <c>vpmaddwd</c>, 256 bit: eight-bit weights and activations widened to 16 bits, sums of 32.
/// </summary>
internal readonly unsafe struct WordTile256<TPanel>
    : ITileWords256<Vector256<short>, Vector256<int>>
    where TPanel : struct, IPanelVectors
{
    public static int PanelVectors
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TPanel.Count;
    }

    public static bool SignedWeights => true;

    public static bool Narrow => false;

    public static int StartWord(sbyte* a, int quads, int offset) => 0;

    public static Vector256<int> Start(int* word) => Vector256<int>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot(Vector256<int> sum, Vector256<short> weights, Vector256<short> a) =>
        sum + Avx2.MultiplyAddAdjacent(weights, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Widen(Vector256<int> sum, int bits) => bits == 0 ? sum : sum << bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> WidenScaled(Vector256<int> sum, byte* scales, int bits) =>
        Widen(sum, bits) * Vector256.Load((int*)scales);

    public static int ScaleWord(short scale) => scale;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Load(byte* source) => Vector256.Load((short*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> BroadcastQuad(sbyte* source) => Vector256.Create(*(int*)source).AsInt16();
}
