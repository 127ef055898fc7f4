using Engine.Gguf;
using Engine.Text;

namespace Engine;

/// <summary>Takes what concerns the vocabulary out of a file's metadata.</summary>
internal static class VocabularyReader
{
    private const string Prefix = "tokenizer.ggml.";

    /// <summary>Reads the definition; the metadata's file must stay open as long as it is used.</summary>
    /// <param name="metadata">The file's metadata.</param>
    /// <param name="preTokenizer">In place of the one that the file names.</param>
    /// <exception cref="ModelFormatException">A key is missing or of the wrong type.</exception>
    public static VocabularyDefinition Read(GgufMetadata metadata, string? preTokenizer = null)
    {
        Dictionary<string, int> specialIds = [];
        foreach (string key in metadata.Keys)
        {
            // "tokenizer.ggml.bos_token_id" → "bos"; old files have "cls_token_id" and the like, too.
            if (!key.StartsWith(Prefix, StringComparison.Ordinal)
                || !key.EndsWith("_token_id", StringComparison.Ordinal)) continue;
            uint id = metadata.GetUInt32(key);
            if (id <= int.MaxValue) specialIds[key[Prefix.Length..^"_token_id".Length]] = (int)id;
        }

        return new VocabularyDefinition
        {
            Model = metadata.GetString(Prefix + "model"),
            PreTokenizer = preTokenizer ?? metadata.GetString(Prefix + "pre", null),
            Tokens = metadata.GetStrings(Prefix + "tokens"),
            Scores = metadata.GetSingleValues(Prefix + "scores"),
            Types = metadata.GetInt32Values(Prefix + "token_type"),
            Merges = metadata.GetStrings(Prefix + "merges"),
            SpecialIds = specialIds,
            AddBos = GetFlag(metadata, "add_bos_token"),
            AddEos = GetFlag(metadata, "add_eos_token"),
            AddSpacePrefix = GetFlag(metadata, "add_space_prefix"),
            RemoveExtraWhitespaces = GetFlag(metadata, "remove_extra_whitespaces"),
            Architecture = metadata.GetString("general.architecture", null),
            ModelName = metadata.GetString("general.name", null),
        };
    }

    private static bool? GetFlag(GgufMetadata metadata, string name) =>
        metadata.Contains(Prefix + name) ? metadata.GetBoolean(Prefix + name, false) : null;
}
