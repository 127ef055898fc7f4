using System.Text;

namespace Engine.Text;

/// <summary>Turns the bytes of tokens into text as they come, never half a character: what a token leaves incomplete
/// waits for the next one, malformed bytes become U+FFFD as soon as they cannot be completed.</summary>
/// <remarks>Allocates nothing after construction. One per stream; not thread-safe.</remarks>
public sealed class Utf8StreamDecoder
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

    /// <summary>Number of UTF-16 units that <paramref name="byteCount"/> more bytes can give at most.</summary>
    public static int GetMaxCharCount(int byteCount) => Encoding.UTF8.GetMaxCharCount(byteCount);

    /// <summary>Decodes the bytes of a token.</summary>
    /// <param name="bytes">As from <see cref="Tokenizer.GetBytes"/>.</param>
    /// <param name="text">Receives the text; <see cref="GetMaxCharCount"/> units are enough.</param>
    /// <returns>Number of UTF-16 units written; 0 while a character is incomplete.</returns>
    /// <exception cref="ArgumentException"><paramref name="text"/> is too short.</exception>
    public int Decode(ReadOnlySpan<byte> bytes, Span<char> text) => _decoder.GetChars(bytes, text, flush: false);

    /// <summary>Ends the stream: what is still incomplete becomes U+FFFD. The decoder can then be used again.</summary>
    /// <returns>Number of UTF-16 units written, at most 1.</returns>
    public int Flush(Span<char> text) => _decoder.GetChars([], text, flush: true);

    /// <summary>Forgets what is incomplete.</summary>
    public void Reset() => _decoder.Reset();
}
