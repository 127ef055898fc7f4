using System.Globalization;
using System.Text;
using Engine.Text.Patterns;

namespace Engine.Text;

/// <summary>Cuts text into words the way BERT's uncased vocabularies are used by llama.cpp: lower case, without accents
/// and control characters; punctuation and Han characters are words of their own.</summary>
internal static class BertNormalizer
{
    /// <summary>Room that normalised text needs for each byte of text: a lower-case letter may take more
    /// bytes.</summary>
    public const int MaxGrowth = 2;

    private static readonly uint Punctuation = CategoryMask.Find("P");
    private static readonly uint Symbol = CategoryMask.Find("S");

    /// <summary>Categories that leave no trace: marks, and all of C but what is not assigned.</summary>
    private static readonly uint Dropped = CategoryMask.Mark
        | (CategoryMask.Find("C") & ~(1u << (int)UnicodeCategory.OtherNotAssigned));

    /// <summary>Writes the words one after the other and the end of each to <paramref name="ends"/>.</summary>
    public static void Apply(ReadOnlySpan<byte> text, Span<byte> words, ref IntList ends)
    {
        ends.Clear();
        int used = 0, wordStart = 0;
        for (int position = 0; position < text.Length;)
        {
            int codePoint = BaseCharacters.Find(Utf8Text.Decode(text, position, out int length));
            position += length;
            if (CharacterSet.WhiteSpace.Contains(codePoint))
            {
                EndWord(used, ref wordStart, ref ends);
                continue;
            }

            uint category = 1u << (int)CharUnicodeInfo.GetUnicodeCategory(codePoint);
            if (codePoint == Utf8Text.Replacement || (category & Dropped) != 0) continue;
            bool alone = (category & Punctuation) != 0 || (codePoint < 0x7F && (category & Symbol) != 0)
                || IsHan(codePoint);
            if (alone) EndWord(used, ref wordStart, ref ends);
            used += Rune.ToLowerInvariant(new Rune(codePoint)).EncodeToUtf8(words[used..]);
            if (alone) EndWord(used, ref wordStart, ref ends);
        }

        EndWord(used, ref wordStart, ref ends);
    }

    private static void EndWord(int used, ref int wordStart, ref IntList ends)
    {
        if (used > wordStart) ends.Add(used);
        wordStart = used;
    }

    /// <summary>The blocks that BERT treats as Chinese; the gap before U+2B920 is in the original.</summary>
    private static bool IsHan(int codePoint) => codePoint is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF)
        or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F) or (>= 0x2B740 and <= 0x2B81F)
        or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);
}
