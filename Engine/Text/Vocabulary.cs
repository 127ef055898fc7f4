using Engine.Memory;

namespace Engine.Text;

/// <summary>A checked vocabulary: spellings, what each token is, and the special ids. Shared by all
/// tokenizers.</summary>
internal sealed class Vocabulary
{
    private readonly TokenAttributes[] _attributes;
    private readonly HashSet<int> _endOfGeneration = [];

    /// <summary>Checks the definition and indexes its tokens.</summary>
    /// <exception cref="ModelFormatException">Arrays are missing or contradict each other.</exception>
    public Vocabulary(VocabularyDefinition definition)
    {
        Definition = definition;
        Tokens = definition.Tokens;
        if (Tokens.Count == 0) throw new ModelFormatException("tokenizer.ggml.tokens: missing or empty");
        CheckLength("tokenizer.ggml.scores", definition.Scores.Length);
        CheckLength("tokenizer.ggml.token_type", definition.Types.Length);
        Table = new TokenTable(Tokens);
        _attributes = ReadAttributes(definition.Types.Span);
        AdjustByText();
        StripRules.Apply(this, _attributes);
        Specials = new SpecialTokens(this);
    }

    public VocabularyDefinition Definition { get; }

    /// <summary>Spellings by id.</summary>
    public Utf8StringTable Tokens { get; }

    /// <summary>Ids by spelling.</summary>
    public TokenTable Table { get; }

    /// <summary>Tokens that are cut out of text before anything else.</summary>
    public SpecialTokens Specials { get; }

    public int Count => Tokens.Count;

    public TokenAttributes Attributes(int token) => _attributes[token];

    public bool IsEndOfGeneration(int token) => _endOfGeneration.Contains(token);

    /// <summary>Id of a special token by the names of its keys, the first that is present; else the default.</summary>
    public int SpecialId(int defaultId, params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (!Definition.SpecialIds.TryGetValue(name, out int id)) continue;
            // An id outside the vocabulary is a common slip of converters, and llama.cpp ignores it.
            if ((uint)id < (uint)Count) return id;
        }

        return defaultId < Count ? defaultId : -1;
    }

    /// <summary>The id of the byte token <c>&lt;0xNN&gt;</c>, or −1.</summary>
    public int FindByteToken(byte value)
    {
        ReadOnlySpan<byte> digits = "0123456789ABCDEF"u8;
        return Table.Find([(byte)'<', (byte)'0', (byte)'x', digits[value >> 4], digits[value & 15], (byte)'>']);
    }

    /// <summary>The value of a token spelled <c>&lt;0xNN&gt;</c>.</summary>
    public static bool TryReadByteToken(ReadOnlySpan<byte> text, out byte value)
    {
        value = 0;
        return text.Length == 6 && text.StartsWith("<0x"u8) && text[5] == '>'
            && System.Buffers.Text.Utf8Parser.TryParse(text[3..5], out value, out int used, 'X') && used == 2;
    }

    private void CheckLength(string key, int length)
    {
        if (length != 0 && length < Count)
            throw new ModelFormatException($"{key}: expected {Count} values, one per token, found {length}");
    }

    private TokenAttributes[] ReadAttributes(ReadOnlySpan<int> types)
    {
        TokenAttributes[] attributes = new TokenAttributes[Count];
        if (types.IsEmpty)
        {
            Array.Fill(attributes, TokenAttributes.Normal);
            for (int i = 0; i < 256; i++)
            {
                int id = FindByteToken((byte)i);
                if (id >= 0 && Definition.Model == "llama") attributes[id] = TokenAttributes.Byte;
            }

            return attributes;
        }

        for (int id = 0; id < attributes.Length; id++)
        {
            attributes[id] = types[id] switch
            {
                1 => TokenAttributes.Normal,
                2 => TokenAttributes.Unknown,
                3 => TokenAttributes.Control,
                4 => TokenAttributes.UserDefined,
                5 => TokenAttributes.Unused,
                6 => TokenAttributes.Byte,
                _ => 0,
            };
        }

        return attributes;
    }

    /// <summary>Makes control tokens of what is only spelled like one, and collects what ends a generation.</summary>
    private void AdjustByText()
    {
        foreach (string text in WellKnownTokens.Fill) MarkControl(text);
        foreach (string text in WellKnownTokens.EndOfFill)
        {
            if (MarkControl(text) is >= 0 and int id) _endOfGeneration.Add(id);
        }

        foreach (string text in WellKnownTokens.EndOfGeneration)
        {
            if (MarkControl(text) is >= 0 and int id) _endOfGeneration.Add(id);
        }

        foreach (string text in WellKnownTokens.AlwaysShown)
        {
            if (Find(text) is >= 0 and int id) _attributes[id] = TokenAttributes.UserDefined;
        }

        foreach (string name in (ReadOnlySpan<string>)["eos", "eot", "eom", "fim_pad", "fim_rep", "fim_sep"])
        {
            if (SpecialId(-1, name) is >= 0 and int id) _endOfGeneration.Add(id);
        }

        // Harmony and Solar write <|end|> between the parts of one answer; Gemma 4 has </s> as an ordinary tag.
        bool ends = Ends("<|call|>") || Ends("<|calls|>");
        if (ends && (Ends("<|return|>") || Ends("<|flush|>"))) Demote("<|end|>", TokenAttributes.UserDefined);
        if (Ends("<|tool_response>")) Demote("</s>", TokenAttributes.Normal);
    }

    private int Find(string text) => Table.Find(System.Text.Encoding.UTF8.GetBytes(text));

    private bool Ends(string text) => _endOfGeneration.Contains(Find(text));

    private int MarkControl(string text)
    {
        int id = Find(text);
        if (id >= 0) _attributes[id] |= TokenAttributes.Control;
        return id;
    }

    private void Demote(string text, TokenAttributes attributes)
    {
        int id = Find(text);
        if (id >= 0 && _endOfGeneration.Remove(id)) _attributes[id] = attributes;
    }
}
