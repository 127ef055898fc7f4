namespace Engine.Text;

/// <summary>GPT-2's spelling of bytes as characters: printable Latin-1 stands for itself, the other 68 bytes for
/// U+0100 and up, so that every byte sequence is text without spaces.</summary>
internal static class ByteAlphabet
{
    private static readonly ushort[] CodePoints = MakeCodePoints();
    private static readonly short[] Bytes = MakeBytes();

    /// <summary>Largest number of bytes that a spelled byte takes in UTF-8.</summary>
    public const int MaxBytesPerByte = 2;

    /// <summary>Writes the UTF-8 spelling of a byte; returns its length, 1 or 2.</summary>
    public static int Spell(byte value, Span<byte> spelling)
    {
        int codePoint = CodePoints[value];
        if (codePoint < 0x80)
        {
            spelling[0] = (byte)codePoint;
            return 1;
        }

        spelling[0] = (byte)(0xC0 | (codePoint >> 6));
        spelling[1] = (byte)(0x80 | (codePoint & 0x3F));
        return 2;
    }

    /// <summary>The byte that a code point spells, or −1.</summary>
    public static int ByteOf(int codePoint) => (uint)codePoint < (uint)Bytes.Length ? Bytes[codePoint] : -1;

    private static ushort[] MakeCodePoints()
    {
        ushort[] codePoints = new ushort[256];
        int next = 0x100;
        for (int value = 0; value < 256; value++)
        {
            bool printable = value is (>= 0x21 and <= 0x7E) or (>= 0xA1 and <= 0xAC) or >= 0xAE;
            codePoints[value] = (ushort)(printable ? value : next++);
        }

        return codePoints;
    }

    private static short[] MakeBytes()
    {
        short[] bytes = new short[0x144];
        Array.Fill(bytes, (short)-1);
        for (int value = 0; value < 256; value++) bytes[CodePoints[value]] = (short)value;
        return bytes;
    }
}
