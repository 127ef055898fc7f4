namespace Engine.Text;

/// <summary>Tokens whose role files do not state, known by their spelling. The lists follow what llama.cpp does when it
/// loads a vocabulary, since that is what published files are tested with.</summary>
internal static class WellKnownTokens
{
    /// <summary>A generation ends with these.</summary>
    public static readonly string[] EndOfGeneration =
    [
        "<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>", "<|calls|>", "<end_of_turn>",
        "<|endoftext|>", "</s>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]", "<|end_of_text|>",
        "<end_of_utterance>", "<eos>", "<turn|>", "<|tool_response>",
    ];

    /// <summary>Fill-in-the-middle: a generation ends with these, too.</summary>
    public static readonly string[] EndOfFill =
    [
        "<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]", "<|fim_repo|>", "<|repo_name|>", "<fim-repo>",
        "<REPO>", "<reponame>", "<|file_sep|>",
    ];

    /// <summary>Fill-in-the-middle: control tokens even where a file calls them normal.</summary>
    public static readonly string[] Fill =
    [
        "<|fim_prefix|>", "<fim-prefix>", "<fim_prefix>", "<PRE>", "<|code_prefix|>", "<|prefix|>",
        "<|fim_suffix|>", "<fim-suffix>", "<fim_suffix>", "<SUF>", "<|code_suffix|>", "<|suffix|>",
        "<|fim_middle|>", "<fim-middle>", "<fim_middle>", "<MID>", "<|code_middle|>", "<|middle|>",
    ];

    /// <summary>Marks of the Harmony format, which are shown and always recognised.</summary>
    public static readonly string[] AlwaysShown = ["<|channel|>", "<|message|>", "<|start|>", "<|constrain|>"];
}
