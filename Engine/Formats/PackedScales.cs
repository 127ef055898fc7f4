namespace Engine.Formats;

/// <summary>Eight 6-bit scales and eight 6-bit minima in 12 bytes, as Q4_K and Q5_K hold them.</summary>
/// <remarks>
/// Scales 0…3 are the low six bits of bytes 0…3, minima 0…3 those of bytes 4…7. For g = 4…7, byte 4 + g has the low
/// four bits of the scale in its low and of the minimum in its high nibble; their upper two bits fill the spare top
/// bits of byte g − 4 and byte g.
/// </remarks>
internal static class PackedScales
{
    internal const int Bytes = 12;

    /// <summary>Scale of a group 0…7, 0…63.</summary>
    internal static int Scale(ReadOnlySpan<byte> packed, int group) =>
        group < 4 ? packed[group] & 63 : (packed[group + 4] & 15) | packed[group - 4] >> 6 << 4;

    /// <summary>Minimum of a group 0…7, 0…63.</summary>
    internal static int Minimum(ReadOnlySpan<byte> packed, int group) =>
        group < 4 ? packed[group + 4] & 63 : packed[group + 4] >> 4 | packed[group] >> 6 << 4;

    /// <summary>Adds a group's scale and minimum to zeroed bytes.</summary>
    internal static void Pack(Span<byte> packed, int group, int scale, int minimum)
    {
        if (group < 4)
        {
            packed[group] |= (byte)scale;
            packed[group + 4] |= (byte)minimum;
        }
        else
        {
            packed[group + 4] = (byte)(scale & 15 | (minimum & 15) << 4);
            packed[group - 4] |= (byte)(scale >> 4 << 6);
            packed[group] |= (byte)(minimum >> 4 << 6);
        }
    }
}
