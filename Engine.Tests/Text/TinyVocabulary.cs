using System.Text;
using Engine.Memory;
using Engine.Text;

namespace Engine.Tests.Text;

/// <summary>Vocabularies of a few hundred tokens, made here so that the tests need no file.</summary>
internal static class TinyVocabulary
{
    /// <summary>Byte-level: 256 bytes, the merges' results, then the given special tokens with their types.</summary>
    public static VocabularyDefinition BytePair(
        string[] merges, (string Text, int Type)[] specials, string preTokenizer = "gpt-2", bool? addBos = null)
    {
        List<string> tokens = [];
        Span<byte> spelling = stackalloc byte[ByteAlphabet.MaxBytesPerByte];
        for (int value = 0; value < 256; value++)
            tokens.Add(Encoding.UTF8.GetString(spelling[..ByteAlphabet.Spell((byte)value, spelling)]));
        foreach (string merge in merges) tokens.Add(merge.Replace(" ", "", StringComparison.Ordinal));
        List<int> types = [.. Enumerable.Repeat(1, tokens.Count)];
        foreach ((string text, int type) in specials)
        {
            tokens.Add(text);
            types.Add(type);
        }

        return new VocabularyDefinition
        {
            Model = "gpt2",
            PreTokenizer = preTokenizer,
            Tokens = Utf8StringTable.FromStrings(tokens),
            Types = types.ToArray(),
            Merges = Utf8StringTable.FromStrings(merges),
            AddBos = addBos,
            SpecialIds = specials.Length > 0 ? new Dictionary<string, int> { ["bos"] = tokens.Count - 1 } : [],
        };
    }

    /// <summary>SentencePiece: unknown, BOS, EOS, 256 byte tokens, then the given ones with falling scores.</summary>
    public static VocabularyDefinition SentencePiece(
        string[] pieces, bool? addSpacePrefix = null, (string Text, int Type)[]? specials = null)
    {
        List<string> tokens = ["<unk>", "<s>", "</s>"];
        List<int> types = [2, 3, 3];
        for (int value = 0; value < 256; value++)
        {
            tokens.Add($"<0x{value:X2}>");
            types.Add(6);
        }

        foreach (string piece in pieces)
        {
            tokens.Add(piece);
            types.Add(1);
        }

        foreach ((string text, int type) in specials ?? [])
        {
            tokens.Add(text);
            types.Add(type);
        }

        return new VocabularyDefinition
        {
            Model = "llama",
            Tokens = Utf8StringTable.FromStrings(tokens),
            Types = types.ToArray(),
            Scores = Enumerable.Range(0, tokens.Count).Select(static i => -(float)i).ToArray(),
            AddSpacePrefix = addSpacePrefix,
        };
    }

    /// <summary>WordPiece with [PAD], [UNK], [CLS], [SEP] as 0 to 3.</summary>
    public static VocabularyDefinition WordPiece(params string[] pieces) => new()
    {
        Model = "bert",
        Tokens = Utf8StringTable.FromStrings(["[PAD]", "[UNK]", "[CLS]", "[SEP]", .. pieces]),
        Types = new int[] { 3, 3, 3, 3 }.Concat(Enumerable.Repeat(1, pieces.Length)).ToArray(),
        SpecialIds = new Dictionary<string, int> { ["unknown"] = 1, ["cls"] = 2, ["seperator"] = 3 },
    };
}
