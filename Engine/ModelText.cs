using System.Text;
using Engine.Gguf;
using Engine.Memory;
using Engine.Text;

namespace Engine;

/// <summary>Builds what turns text into tokens and conversations into text from a file's metadata.</summary>
internal static class ModelText
{
    /// <summary>The tokenizer; <paramref name="preTokenizer"/> replaces the one that the file names.</summary>
    /// <exception cref="ModelFormatException">No vocabulary, or a damaged or unknown one.</exception>
    public static Tokenizer ReadTokenizer(GgufMetadata metadata, string? preTokenizer = null) =>
        Tokenizer.Create(VocabularyReader.Read(metadata, preTokenizer));

    /// <summary>The default chat template; null if there is none.</summary>
    /// <exception cref="ChatTemplateException">The template is not valid.</exception>
    public static ChatTemplate? ReadChatTemplate(GgufMetadata metadata) =>
        metadata.GetString("tokenizer.chat_template", null) is { Length: > 0 } source
            ? ChatTemplate.Parse(source) : null;

    /// <summary>Text of a special token as the vocabulary spells it, for templates; null if there is none.</summary>
    public static string? TokenText(GgufMetadata metadata, string name)
    {
        string key = $"tokenizer.ggml.{name}_token_id";
        if (!metadata.Contains(key)) return null;
        uint id = metadata.GetUInt32(key);
        Utf8StringTable tokens = metadata.GetStrings("tokenizer.ggml.tokens");
        return id < tokens.Count ? Encoding.UTF8.GetString(tokens[(int)id]) : null;
    }
}
