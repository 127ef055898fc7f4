namespace Engine.Text;

/// <summary>SentencePiece's spelling of a space, U+2581.</summary>
internal static class SpaceEscape
{
    /// <summary>U+2581 in UTF-8.</summary>
    public static ReadOnlySpan<byte> Mark => "\u2581"u8;

    /// <summary>Spells spaces as marks; <paramref name="escaped"/> has room for three times the text.</summary>
    public static int Apply(ReadOnlySpan<byte> text, Span<byte> escaped)
    {
        int used = 0;
        while (!text.IsEmpty)
        {
            int space = text.IndexOf((byte)' ');
            ReadOnlySpan<byte> plain = space < 0 ? text : text[..space];
            plain.CopyTo(escaped[used..]);
            used += plain.Length;
            if (space < 0) break;
            Mark.CopyTo(escaped[used..]);
            used += Mark.Length;
            text = text[(space + 1)..];
        }

        return used;
    }

    /// <summary>Turns marks into spaces; returns the length.</summary>
    public static int Undo(ReadOnlySpan<byte> spelling, Span<byte> bytes)
    {
        int used = 0;
        for (int i = 0; i < spelling.Length;)
        {
            bool mark = spelling[i..].StartsWith(Mark);
            bytes[used++] = mark ? (byte)' ' : spelling[i];
            i += mark ? Mark.Length : 1;
        }

        return used;
    }

    /// <summary>Copies as it is; returns the length.</summary>
    public static int Copy(ReadOnlySpan<byte> spelling, Span<byte> bytes)
    {
        spelling.CopyTo(bytes);
        return spelling.Length;
    }
}
