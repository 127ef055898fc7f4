using Engine.Text.Patterns;

namespace Engine.Text;

/// <summary>The bytes that each token stands for, decoded once into one block.</summary>
internal sealed class TokenBytes
{
    private readonly byte[] _bytes;
    private readonly int[] _ends;

    /// <summary>Decodes one token's spelling into <paramref name="bytes"/> (at least as long); returns the length.
    /// </summary>
    public delegate int Decoder(int token, ReadOnlySpan<byte> spelling, Span<byte> bytes);

    public TokenBytes(Vocabulary vocabulary, Decoder decode)
    {
        long total = 0;
        for (int id = 0; id < vocabulary.Count; id++) total += vocabulary.Tokens[id].Length;
        if (total > Array.MaxLength) throw new ModelFormatException($"tokenizer.ggml.tokens: {total} bytes of text");
        _bytes = new byte[total];
        _ends = new int[vocabulary.Count];
        int used = 0;
        for (int id = 0; id < _ends.Length; id++)
        {
            ReadOnlySpan<byte> spelling = vocabulary.Tokens[id];
            used += decode(id, spelling, _bytes.AsSpan(used, spelling.Length));
            _ends[id] = used;
        }
    }

    public ReadOnlySpan<byte> this[int token]
    {
        get
        {
            int start = token == 0 ? 0 : _ends[token - 1];
            return _bytes.AsSpan(start, _ends[token] - start);
        }
    }
}
