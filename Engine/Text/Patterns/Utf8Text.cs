using System.Runtime.CompilerServices;

namespace Engine.Text.Patterns;

/// <summary>Steps through UTF-8 by code point. A byte that belongs to no well-formed sequence is a unit of its own and
/// reads as U+FFFD, so that malformed text can be cut and kept without loss.</summary>
internal static class Utf8Text
{
    public const int Replacement = 0xFFFD;

    /// <summary>The code point at <paramref name="position"/> and its length in bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Decode(ReadOnlySpan<byte> text, int position, out int length)
    {
        byte first = text[position];
        if (first < 0x80)
        {
            length = 1;
            return first;
        }

        return DecodeLong(text, position, out length);
    }

    /// <summary>Start of the unit that ends at <paramref name="position"/> (which must be above 0).</summary>
    /// <remarks>A lead byte never lies inside another well-formed sequence, so walking back finds the same units as
    /// walking forward.</remarks>
    public static int Previous(ReadOnlySpan<byte> text, int position)
    {
        int start = position - 1;
        if (text[start] < 0x80) return start;
        for (int back = 1; back <= 4 && position - back >= 0; back++)
        {
            int candidate = position - back;
            if ((text[candidate] & 0xC0) == 0x80) continue;
            DecodeLong(text, candidate, out int length);
            return length == back ? candidate : start;
        }

        return start;
    }

    private static int DecodeLong(ReadOnlySpan<byte> text, int position, out int length)
    {
        int first = text[position];
        int left = text.Length - position;
        length = 1;
        if (first is >= 0xC2 and <= 0xDF && left >= 2)
        {
            int b1 = text[position + 1] ^ 0x80;
            if (b1 >= 0x40) return Replacement;
            length = 2;
            return ((first & 0x1F) << 6) | b1;
        }

        if (first is >= 0xE0 and <= 0xEF && left >= 3)
        {
            int b1 = text[position + 1] ^ 0x80, b2 = text[position + 2] ^ 0x80;
            if ((b1 | b2) >= 0x40) return Replacement;
            int value = ((first & 0x0F) << 12) | (b1 << 6) | b2;
            if (value < 0x800 || value is >= 0xD800 and <= 0xDFFF) return Replacement;
            length = 3;
            return value;
        }

        if (first is >= 0xF0 and <= 0xF4 && left >= 4)
        {
            int b1 = text[position + 1] ^ 0x80, b2 = text[position + 2] ^ 0x80, b3 = text[position + 3] ^ 0x80;
            if ((b1 | b2 | b3) >= 0x40) return Replacement;
            int value = ((first & 0x07) << 18) | (b1 << 12) | (b2 << 6) | b3;
            if (value is < 0x10000 or > 0x10FFFF) return Replacement;
            length = 4;
            return value;
        }

        return Replacement;
    }
}
