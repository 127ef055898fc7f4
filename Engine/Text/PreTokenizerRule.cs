namespace Engine.Text;

/// <summary>How the byte-pair vocabularies of one name cut and read text.</summary>
/// <param name="Patterns">Regular expressions, applied one after the other.</param>
/// <param name="IgnoreMerges">A piece that is a token as a whole is taken without merging.</param>
/// <param name="ByteLevel">Tokens are spelled in GPT-2's byte alphabet (otherwise in plain text).</param>
/// <param name="AddsBos">A leading BOS where the file does not say.</param>
/// <param name="EscapesSpaces">Spaces are spelled as U+2581.</param>
internal sealed record PreTokenizerRule(
    string[] Patterns, bool IgnoreMerges = false, bool ByteLevel = true, bool AddsBos = false,
    bool EscapesSpaces = false);
