using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>How a tile's instruction set wants its weights.</summary>
internal interface ITileRoute
{
    /// <inheritdoc cref="Isa.ITileWords{TW,TA,TI,TF}.SignedWeights"/>
    static abstract bool SignedWeights { get; }

    /// <inheritdoc cref="Isa.ITileWords{TW,TA,TI,TF}.Narrow"/>
    static abstract bool Narrow { get; }

    /// <summary>Bytes of a weight in the panel: 1, or 2 where eight-bit weights and activations are widened first.
    /// </summary>
    static virtual int ElementBytes => 1;
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

/// <summary>Signed weights widened to 16 bits, sums of 32 bits.</summary>
internal readonly struct WordRoute : ITileRoute
{
    public static bool SignedWeights => true;

    public static bool Narrow => false;

    public static int ElementBytes => 2;
}

/// <summary>Signed weights, sums of 32 bits.</summary>
internal readonly struct SignedRoute : ITileRoute
{
    public static bool SignedWeights => true;

    public static bool Narrow => false;
}

/// <summary>The form of weights in a panel for one route.</summary>
internal static class TilePanel<TRoute>
    where TRoute : struct, ITileRoute
{
    /// <summary>Quads that one sum may gather: two products of at most largest · 127 a quad and 16-bit lane. Planes
    /// hold whole lanes of 32, so signed formats have groups of 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SegmentQuads(bool signed, int largest, int scaleElements) =>
        (scaleElements == 16 || (TRoute.Narrow && !signed && largest > 16) ? 4 : 8) * TRoute.ElementBytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Planes(bool signed) => TRoute.Narrow && signed ? 2 : 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Offset(bool signed, int offset) =>
        TRoute.SignedWeights ? 0 : !signed ? offset : TRoute.Narrow ? 8 : 128;

    /// <summary>What is taken off lanes to bring them to the panel's form, modulo 256: 128 makes signed lanes unsigned,
    /// their own offset makes unsigned lanes signed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Shift(bool signed, int offset) =>
        signed ? (TRoute.SignedWeights ? 0 : 128) : TRoute.SignedWeights ? offset : 0;
}
