namespace Engine.Formats.Packed;

/// <summary>The 16 entries of codebooks as two constants each, from the first byte on: vectors of constants are loaded,
/// not built.</summary>
internal static class PackedCodebook
{
    /// <summary>Levels of IQ4_NL and IQ4_XS raised by 128.</summary>
    public const ulong Raised0 = 0x766A5D4F3F2D1801;

    /// <summary>The second half.</summary>
    public const ulong Raised1 = 0xF1D9C5B5A6998D81;

    /// <summary>Lower four bits of the raised levels.</summary>
    public const ulong Low0 = 0x060A0D0F0F0D0801;

    /// <summary>The second half.</summary>
    public const ulong Low1 = 0x0109050506090D01;

    /// <summary>Upper four bits of the raised levels.</summary>
    public const ulong High0 = 0x0706050403020100;

    /// <summary>The second half.</summary>
    public const ulong High1 = 0x0F0D0C0B0A090808;

    /// <summary>MXFP4: 2·{0, .5, 1, 1.5, 2, 3, 4, 6} + 12, then the same negated.</summary>
    public const ulong MXFP4First = 0x181412100F0E0D0C;

    /// <summary>The second half.</summary>
    public const ulong MXFP4Second = 0x00040608090A0B0C;
}
