using System.Globalization;

namespace Engine.Text.Templates;

/// <summary>Case mappings of Unicode's SpecialCasing that make several letters of one, which .NET leaves out.</summary>
internal static class CaseMapping
{
    /// <summary>The upper-case letters that a character expands to, or null if it maps to one.</summary>
    public static string? UpperExpansion(char c) => c switch
    {
        'ß' => "SS",
        'ŉ' => "ʼN",
        'ǰ' => "J\u030C",
        'ΐ' => "Ι\u0308\u0301",
        'ΰ' => "Υ\u0308\u0301",
        'և' => "ԵՒ",
        'ẖ' => "H\u0331",
        'ẗ' => "T\u0308",
        'ẘ' => "W\u030A",
        'ẙ' => "Y\u030A",
        'ẚ' => "Aʾ",
        'ﬀ' => "FF",
        'ﬁ' => "FI",
        'ﬂ' => "FL",
        'ﬃ' => "FFI",
        'ﬄ' => "FFL",
        'ﬅ' or 'ﬆ' => "ST",
        _ => null,
    };

    /// <summary>A sigma is final after a letter and before none.</summary>
    public static bool IsFinalSigma(string text, int index)
    {
        int before = index - 1;
        while (before >= 0 && IsIgnorable(text[before])) before--;
        int after = index + 1;
        while (after < text.Length && IsIgnorable(text[after])) after++;
        return before >= 0 && IsCased(text[before]) && !(after < text.Length && IsCased(text[after]));
    }

    public static bool IsCased(int codePoint) => CharUnicodeInfo.GetUnicodeCategory(codePoint)
        is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter;

    private static bool IsIgnorable(char c) => c is '\'' or '.' or ':' or '\u2019' or '\u00b7' or '^' or '`'
        || CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark
            or UnicodeCategory.Format or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol;
}
