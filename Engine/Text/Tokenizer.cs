using System.Buffers;

namespace Engine.Text;

/// <summary>Text to token ids and back. Immutable after creation: safe for any number of threads.</summary>
public abstract class Tokenizer
{
    /// <summary>Number of tokens.</summary>
    public abstract int VocabularySize { get; }

    /// <summary>Id of the begin-of-sequence token, or −1.</summary>
    public abstract int BeginOfSequence { get; }

    /// <summary>Id of the end-of-sequence token, or −1.</summary>
    public abstract int EndOfSequence { get; }

    /// <summary>True if the metadata asks for a leading BOS (or the like).</summary>
    public abstract bool AddsBeginOfSequence { get; }

    /// <summary>True for tokens that end a generation: EOS, end of turn, end of message.</summary>
    public abstract bool IsEndOfGeneration(int token);

    /// <summary>Builds the tokenizer that the definition names.</summary>
    /// <exception cref="ModelFormatException">Unknown model or pre-tokenizer, or a damaged vocabulary.</exception>
    internal static Tokenizer Create(VocabularyDefinition definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        return definition.Model switch
        {
            "llama" => new SentencePieceTokenizer(new Vocabulary(definition)),
            "gpt2" or "gemma4" => new BytePairTokenizer(new Vocabulary(definition)),
            "bert" => new WordPieceTokenizer(new Vocabulary(definition)),
            _ => throw new ModelFormatException(
                $"tokenizer.ggml.model: expected llama, gpt2, gemma4 or bert, found '{definition.Model}'"),
        };
    }

    /// <summary>Encodes UTF-8 text.</summary>
    /// <param name="utf8">Text; malformed bytes are kept as bytes where the vocabulary can express them.</param>
    /// <param name="tokens">Receives the ids.</param>
    /// <param name="addSpecial">Add BOS/EOS (CLS/SEP) as the metadata asks.</param>
    /// <param name="parseSpecial">Recognise control tokens in the text.</param>
    public abstract void Encode(ReadOnlySpan<byte> utf8, IBufferWriter<int> tokens, bool addSpecial, bool parseSpecial);

    /// <summary>The pieces that the pre-tokenizer makes of the text before merging.</summary>
    public abstract IReadOnlyList<string> Split(string text, bool parseSpecial);

    /// <summary>The token's text as the vocabulary spells it (a piece), for display.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such token.</exception>
    public abstract string GetPiece(int token);

    /// <summary>The bytes that the token stands for in decoded text; empty for control tokens unless asked.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such token.</exception>
    public abstract ReadOnlySpan<byte> GetBytes(int token, bool includeSpecial = false);

    /// <summary>Decodes whole text; a leading space that encoding added is removed.</summary>
    public abstract string Decode(ReadOnlySpan<int> tokens, bool includeSpecial = false);

    /// <summary>Decodes whole text to its bytes, also where they are not well-formed UTF-8.</summary>
    public abstract void Decode(ReadOnlySpan<int> tokens, IBufferWriter<byte> utf8, bool includeSpecial = false);
}
