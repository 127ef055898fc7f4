using System.Text;
using Engine.Sampling;
using Engine.Text;

namespace Engine;

/// <summary>Tokens in, printable text out: never half a character, nothing of a stop string.</summary>
internal sealed class TextStream(Tokenizer tokenizer, IReadOnlyList<string> stops)
{
    private readonly StopMatcher matcher = new(stops);
    private readonly Decoder decoder = Encoding.UTF8.GetDecoder();
    private char[] characters = new char[256];

    /// <summary>True once a stop string came; what follows is not text.</summary>
    public bool IsStopped => matcher.IsStopped;

    /// <summary>Adds a token and returns the text that is certain by now.</summary>
    /// <remarks>Models with padded vocabularies have logits for ids that stand for nothing.</remarks>
    public string Push(int token) => token < tokenizer.VocabularySize
        ? Decode(matcher.Append(tokenizer.GetBytes(token)), flush: false) : "";

    /// <summary>The rest of the text; half a character at its end becomes U+FFFD.</summary>
    public string Finish() => Decode(matcher.Flush(), flush: true);

    private string Decode(ReadOnlySpan<byte> bytes, bool flush)
    {
        int needed = decoder.GetCharCount(bytes, flush);
        if (needed == 0 && !flush && bytes.IsEmpty) return "";
        if (needed > characters.Length) characters = new char[needed * 2];
        return new string(characters, 0, decoder.GetChars(bytes, characters, flush));
    }
}
