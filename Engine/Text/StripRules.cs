namespace Engine.Text;

/// <summary>Which special tokens swallow white space beside them. Files do not say; llama.cpp goes by the names of
/// model, architecture and pre-tokenizer, and so does this.</summary>
internal static class StripRules
{
    public static void Apply(Vocabulary vocabulary, Span<TokenAttributes> attributes)
    {
        VocabularyDefinition definition = vocabulary.Definition;
        string model = definition.ModelName ?? "";
        if (ContainsAny(definition.PreTokenizer, "jina-v2-de", "jina-v2-es", "jina-v2-code")
            || ContainsAny(definition.Architecture, "nomic-bert-moe", "jina-bert-v3"))
        {
            Set(vocabulary, attributes, "<mask>"u8, TokenAttributes.StripsLeft, true);
        }
        else if (ContainsAny(model, "phi-3", "phi3"))
        {
            const TokenAttributes special =
                TokenAttributes.Control | TokenAttributes.UserDefined | TokenAttributes.Unknown;
            for (int id = 0; id < attributes.Length; id++)
            {
                if ((attributes[id] & special) != 0) attributes[id] |= TokenAttributes.StripsRight;
            }

            Set(vocabulary, attributes, "</s>"u8, TokenAttributes.StripsRight, true);
            Set(vocabulary, attributes, "<unk>"u8, TokenAttributes.StripsRight, false);
            Set(vocabulary, attributes, "<s>"u8, TokenAttributes.StripsRight, false);
            Set(vocabulary, attributes, "<|endoftext|>"u8, TokenAttributes.StripsRight, false);
        }
        else if (ContainsAny(model, "modern-bert"))
        {
            Set(vocabulary, attributes, "[MASK]"u8, TokenAttributes.StripsLeft, true);
        }
    }

    private static bool ContainsAny(string? text, params ReadOnlySpan<string> parts)
    {
        foreach (string part in parts)
        {
            if (text is not null && text.Contains(part, StringComparison.OrdinalIgnoreCase)) return true;
        }

        return false;
    }

    private static void Set(
        Vocabulary vocabulary, Span<TokenAttributes> attributes, ReadOnlySpan<byte> text, TokenAttributes flag, bool on)
    {
        int id = vocabulary.Table.Find(text);
        if (id < 0) return;
        if (on) attributes[id] |= flag;
        else attributes[id] &= ~flag;
    }
}
