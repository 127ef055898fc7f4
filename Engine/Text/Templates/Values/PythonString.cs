using System.Globalization;
using System.Text;

namespace Engine.Text.Templates;

/// <summary>Strings as Python sees them: sequences of code points.</summary>
internal static class PythonString
{
    /// <summary>Whitespace of <c>str.isspace</c>: Unicode's, and the four separator controls that .NET leaves out.
    /// </summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';

    /// <summary>UTF-16 units of the code point at an offset: 1 or 2.</summary>
    public static int LengthAt(string text, int offset) =>
        char.IsHighSurrogate(text[offset]) && offset + 1 < text.Length && char.IsLowSurrogate(text[offset + 1]) ? 2 : 1;

    /// <summary>The code point at an offset; an unpaired surrogate stands for itself.</summary>
    public static int CodePointAt(string text, int offset) =>
        LengthAt(text, offset) == 2 ? char.ConvertToUtf32(text[offset], text[offset + 1]) : text[offset];

    private static bool HasSurrogates(ReadOnlySpan<char> text) => text.ContainsAnyInRange('\ud800', '\udfff');

    /// <summary>Number of code points.</summary>
    public static int Length(string text)
    {
        if (!HasSurrogates(text)) return text.Length;
        int length = 0;
        for (int i = 0; i < text.Length; i += LengthAt(text, i)) length++;
        return length;
    }

    /// <summary>UTF-16 offset of a code point, counted on from a known one.</summary>
    public static int OffsetOf(string text, int index, int knownOffset = 0, int knownIndex = 0)
    {
        if (!HasSurrogates(text.AsSpan(knownOffset))) return knownOffset + index - knownIndex;
        int offset = knownOffset;
        for (int i = knownIndex; i < index; i++) offset += LengthAt(text, offset);
        return offset;
    }

    /// <summary>UTF-16 offsets of all code points.</summary>
    public static int[] Offsets(string text, int length)
    {
        int[] offsets = new int[length];
        for (int i = 0, offset = 0; i < length; i++, offset += LengthAt(text, offset)) offsets[i] = offset;
        return offsets;
    }

    /// <summary>Index in code points of a UTF-16 offset.</summary>
    public static int IndexOf(string text, int offset) => Length(text[..offset]);

    /// <summary>Order by code point; UTF-16 order differs where surrogates meet U+E000 and above.</summary>
    public static int Compare(string a, string b)
    {
        int common = a.AsSpan().CommonPrefixLength(b);
        if (common == a.Length || common == b.Length) return a.Length.CompareTo(b.Length);
        char x = a[common];
        char y = b[common];
        bool isHighX = char.IsSurrogate(x);
        bool isHighY = char.IsSurrogate(y);
        return isHighX == isHighY ? x.CompareTo(y) : isHighX ? 1 : -1;
    }

    /// <summary><c>str.isprintable</c> for one code point: what <c>repr</c> does not escape.</summary>
    public static bool IsPrintable(int codePoint)
    {
        if (codePoint < 0x7f) return codePoint >= 0x20;
        return CharUnicodeInfo.GetUnicodeCategory(codePoint) is not (UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
    }

    /// <summary>Strips whitespace, or a set of characters, from the ends.</summary>
    public static string Strip(string text, string? characters, bool left, bool right)
    {
        int start = 0;
        int end = text.Length;
        while (left && start < end && IsIn(text.AsSpan(start, LengthAt(text, start)), characters))
            start += LengthAt(text, start);
        while (right && end > start)
        {
            int length = end - start >= 2 && LengthAt(text, end - 2) == 2 ? 2 : 1;
            if (!IsIn(text.AsSpan(end - length, length), characters)) break;
            end -= length;
        }

        return text[start..end];
    }

    private static bool IsIn(ReadOnlySpan<char> character, string? characters) =>
        characters is null ? IsSpace(character[0]) : characters.AsSpan().Contains(character, StringComparison.Ordinal);

    public static string Upper(string text)
    {
        if (Ascii.IsValid(text)) return text.ToUpperInvariant();
        StringBuilder upper = new(text.Length);
        foreach (char c in text)
        {
            if (CaseMapping.UpperExpansion(c) is { } expansion) upper.Append(expansion);
            else upper.Append(c);
        }

        // The expansions above are upper case already, so the simple mapping finishes the rest.
        return upper.ToString().ToUpperInvariant();
    }

    public static string Lower(string text)
    {
        if (Ascii.IsValid(text)) return text.ToLowerInvariant();
        StringBuilder lower = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == 'İ') lower.Append("i\u0307");
            else if (text[i] == 'Σ') lower.Append(CaseMapping.IsFinalSigma(text, i) ? 'ς' : 'σ');
            else lower.Append(text[i]);
        }

        return lower.ToString().ToLowerInvariant();
    }

    /// <summary><c>str.capitalize</c>: first letter up, the rest down.</summary>
    public static string Capitalize(string text)
    {
        if (text.Length == 0) return text;
        int first = LengthAt(text, 0);
        return TitleCase(text[..first]) + Lower(text)[Lower(text[..first]).Length..];
    }

    /// <summary>Upper case as at the start of a word: of an expansion only the first letter stays up.</summary>
    public static string TitleCase(string character)
    {
        string upper = Upper(character);
        return upper.Length > 1 && char.IsLetter(upper[0]) && !char.IsSurrogate(upper[0])
            ? upper[..1] + Lower(upper[1..])
            : upper;
    }

    /// <summary><c>str.title</c>: every run of letters is a word.</summary>
    public static string Title(string text)
    {
        StringBuilder title = new(text.Length);
        bool inWord = false;
        for (int i = 0; i < text.Length;)
        {
            int length = LengthAt(text, i);
            string character = text.Substring(i, length);
            bool isCased = CaseMapping.IsCased(CodePointAt(text, i));
            title.Append(inWord ? Lower(character) : TitleCase(character));
            inWord = isCased;
            i += length;
        }

        return title.ToString();
    }
}
