using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>How a tile's instruction set wants its weights.</summary>
internal interface ITileRoute
{
    /// <inheritdoc cref="Isa.ITileWords{TW,TA,TI,TF}.SignedWeights"/>
    static abstract bool SignedWeights { get; }

    /// <inheritdoc cref="Isa.ITileWords{TW,TA,TI,TF}.Narrow"/>
    static abstract bool Narrow { get; }
}

/// <summary>Unsigned weights, sums of 32 bits.</summary>
internal readonly struct WideRoute : ITileRoute
{
    public static bool SignedWeights => false;

    public static bool Narrow => false;
}

/// <summary>Unsigned weights, sums of 16 bits inside a segment.</summary>
internal readonly struct NarrowRoute : ITileRoute
{
    public static bool SignedWeights => false;

    public static bool Narrow => true;
}

/// <summary>Signed weights, sums of 32 bits.</summary>
internal readonly struct SignedRoute : ITileRoute
{
    public static bool SignedWeights => true;

    public static bool Narrow => false;
}

/// <summary>The form of weights in a panel for one route.</summary>
internal static unsafe class TilePanel<TRoute>
    where TRoute : struct, ITileRoute
{
    /// <summary>Quads that one sum may gather: two products of at most largest · 127 a quad and 16-bit lane.</summary>
    public static int SegmentQuads(bool signed, int largest, int scaleElements) =>
        scaleElements == 16 || (TRoute.Narrow && !signed && largest > 16) ? 4 : 8;

    public static int Planes(bool signed) => TRoute.Narrow && signed ? 2 : 1;

    public static int Offset(bool signed, int offset) =>
        TRoute.SignedWeights ? 0 : !signed ? offset : TRoute.Narrow ? 8 : 128;

    /// <summary>Brings 32 lanes to the panel's form: unsigned by adding 128 to signed ones, or signed by taking an
    /// offset off unsigned ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Adjust(byte* lanes, bool signed, int offset)
    {
        const ulong Tops = 0x8080808080808080;
        ulong* words = (ulong*)lanes;
        if (signed && !TRoute.SignedWeights)
        {
            for (int i = 0; i < 4; i++) words[i] ^= Tops;
        }
        else if (offset != 0 && TRoute.SignedWeights)
        {
            // Lanes are below 128: the top bit set, no byte borrows from the next.
            ulong offsets = (ulong)offset * 0x0101010101010101;
            for (int i = 0; i < 4; i++) words[i] = ((words[i] | Tops) - offsets) ^ Tops;
        }
    }
}
