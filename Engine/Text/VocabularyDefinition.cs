using Engine.Memory;

namespace Engine.Text;

/// <summary>What a model file says about its vocabulary; the façade fills it from the metadata.</summary>
internal sealed class VocabularyDefinition
{
    /// <summary><c>tokenizer.ggml.model</c>: llama, gpt2, gemma4 or bert.</summary>
    public required string Model { get; init; }

    /// <summary><c>tokenizer.ggml.pre</c>, the pre-tokenizer of byte-pair vocabularies.</summary>
    public string? PreTokenizer { get; init; }

    /// <summary>Token texts by id, as the file spells them.</summary>
    public required Utf8StringTable Tokens { get; init; }

    /// <summary>Scores by id (SentencePiece); empty if the file has none.</summary>
    public ReadOnlyMemory<float> Scores { get; init; }

    /// <summary>Token types by id (1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte); may be empty.
    /// </summary>
    public ReadOnlyMemory<int> Types { get; init; }

    /// <summary>Merges in rank order (byte-pair), each "left right".</summary>
    public Utf8StringTable Merges { get; init; } = Utf8StringTable.Empty;

    /// <summary>Special token ids by the end of their key (<c>bos</c>, <c>eos</c>, <c>eot</c>, <c>eom</c>,
    /// <c>unknown</c>, <c>seperator</c>, <c>padding</c>, <c>cls</c>, <c>mask</c> …), as in
    /// <c>tokenizer.ggml.NAME_token_id</c>.</summary>
    public IReadOnlyDictionary<string, int> SpecialIds { get; init; } = new Dictionary<string, int>();

    /// <summary><c>tokenizer.ggml.add_bos_token</c>; null if the file does not say.</summary>
    public bool? AddBos { get; init; }

    /// <summary><c>tokenizer.ggml.add_eos_token</c>; null if the file does not say.</summary>
    public bool? AddEos { get; init; }

    /// <summary><c>tokenizer.ggml.add_space_prefix</c>; null if the file does not say.</summary>
    public bool? AddSpacePrefix { get; init; }

    /// <summary><c>tokenizer.ggml.remove_extra_whitespaces</c>; null if the file does not say.</summary>
    public bool? RemoveExtraWhitespaces { get; init; }

    /// <summary><c>general.architecture</c> and <c>general.name</c>: which tokens swallow the white space beside them
    /// is not in the file, llama.cpp goes by these names.</summary>
    public string? Architecture { get; init; }

    /// <summary><c>general.name</c>.</summary>
    public string? ModelName { get; init; }

    /// <summary>The same vocabulary cut by another pre-tokenizer.</summary>
    public VocabularyDefinition WithPreTokenizer(string name) => new()
    {
        Model = Model,
        PreTokenizer = name,
        Tokens = Tokens,
        Scores = Scores,
        Types = Types,
        Merges = Merges,
        SpecialIds = SpecialIds,
        AddBos = AddBos,
        AddEos = AddEos,
        AddSpacePrefix = AddSpacePrefix,
        RemoveExtraWhitespaces = RemoveExtraWhitespaces,
        Architecture = Architecture,
        ModelName = ModelName,
    };
}
