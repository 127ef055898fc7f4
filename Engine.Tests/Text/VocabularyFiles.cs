using System.Buffers;
using System.Collections.Concurrent;
using Engine.Gguf;
using Engine.Text;

namespace Engine.Tests.Text;

/// <summary>Opens vocabularies once for all tests.</summary>
internal static class VocabularyFiles
{
    private static readonly ConcurrentDictionary<string, (GgufFile File, VocabularyDefinition Definition, Tokenizer T)>
        Open = new();

    public static Tokenizer Tokenizer(string path) => Load(path).T;

    public static VocabularyDefinition Definition(string path) => Load(path).Definition;

    /// <summary>Encodes without special tokens unless asked.</summary>
    public static int[] Encode(
        this Tokenizer tokenizer, ReadOnlySpan<byte> text, bool addSpecial = false, bool parseSpecial = false)
    {
        ArrayBufferWriter<int> tokens = new();
        tokenizer.Encode(text, tokens, addSpecial, parseSpecial);
        return tokens.WrittenSpan.ToArray();
    }

    public static int[] Encode(
        this Tokenizer tokenizer, string text, bool addSpecial = false, bool parseSpecial = false) =>
        tokenizer.Encode(System.Text.Encoding.UTF8.GetBytes(text), addSpecial, parseSpecial);

    private static (GgufFile File, VocabularyDefinition Definition, Tokenizer T) Load(string path) =>
        Open.GetOrAdd(path, static path =>
        {
            GgufFile file = GgufFile.Open(path);
            VocabularyDefinition definition = VocabularyReader.Read(file.Metadata);
            return (file, definition, Engine.Text.Tokenizer.Create(definition));
        });
}
