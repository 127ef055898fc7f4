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
    : ITileWords<Vector256<short>, Vector256<int>, Vector256<int>, Vector256<float>>
    where TPanel : struct, IPanelVectors
{
    public static int Rows => Avx2Tile.Rows;

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
    public static Vector256<int> AddPairs(Vector256<int> total, byte* pairs, int* sums) =>
        Avx2Tile.AddPairs(total, pairs, sums);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Load(byte* source) => Vector256.Load((short*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> BroadcastQuad(sbyte* source) => Vector256.Create(*(int*)source).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> left, Vector256<int> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ToFloat(Vector256<int> value) => Vector256.ConvertToSingle(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Broadcast(float* source) => Vector256.Create(*source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadFloats(float* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> value, float* target) => value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<float> left, Vector256<float> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(Vector256<float> left, Vector256<float> right) => left * right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> left, Vector256<float> right, Vector256<float> sum) =>
        Avx2Tile.MultiplyAdd(left, right, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(void* address) => Sse.Prefetch0(address);
}
