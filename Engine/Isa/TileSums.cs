using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Isa;

/// <summary>Sums of a segment's activations on x86, from which tile sums start.</summary>
internal static unsafe class TileSums
{
    /// <summary>Σa over 4 or 8 quads.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int All(sbyte* a, int quads)
    {
        Vector128<short> pairs = Pairs(a, quads);
        Vector128<int> sums = Sse2.MultiplyAddAdjacent(pairs, Vector128.Create((short)1));
        sums += Sse2.Shuffle(sums, 0b01_00_11_10);
        return sums.GetElement(0) + sums.GetElement(1);
    }

    /// <summary>−offset · Σ of the first two bytes of every quad in the low, of the last two in the high 16 bits:
    /// exactly what the two 16-bit lanes of a row gather too much, so that no lane can leave 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Halves(sbyte* a, int quads, int offset)
    {
        Vector128<short> pairs = Pairs(a, quads);
        pairs += Sse2.Shuffle(pairs.AsInt32(), 0b01_00_11_10).AsInt16();
        pairs += Sse2.Shuffle(pairs.AsInt32(), 0b10_11_00_01).AsInt16();
        return (pairs * Vector128.Create((short)-offset)).AsInt32().ToScalar();
    }

    /// <summary>Sums of pairs, those of all quads that share a position modulo four added.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Pairs(sbyte* a, int quads)
    {
        Vector128<byte> ones = Vector128.Create((byte)1);
        Vector128<short> pairs = Ssse3.MultiplyAddAdjacent(ones, Vector128.Load(a));
        return quads == 8 ? pairs + Ssse3.MultiplyAddAdjacent(ones, Vector128.Load(a + 16)) : pairs;
    }
}
