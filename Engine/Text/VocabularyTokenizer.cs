using System.Buffers;
using System.Text;

namespace Engine.Text;

/// <summary>What the kinds of tokenizers share: special tokens around and within the text, and the way back.</summary>
internal abstract class VocabularyTokenizer : Tokenizer
{
    private const TokenAttributes Hidden = TokenAttributes.Control | TokenAttributes.Unknown;

    private TokenizerScratch? _scratch;
    private TokenBytes? _bytes;

    protected VocabularyTokenizer(Vocabulary vocabulary) => Vocabulary = vocabulary;

    public override int VocabularySize => Vocabulary.Count;

    public override bool IsEndOfGeneration(int token) => Vocabulary.IsEndOfGeneration(token);

    protected Vocabulary Vocabulary { get; }

    /// <summary>Id of the token that <see cref="Encode"/> puts at the end, or −1.</summary>
    protected abstract int ClosingToken { get; }

    /// <summary>True if text after the beginning or a special token gets a space in front.</summary>
    protected abstract bool AddsSpace { get; }

    public override void Encode(
        ReadOnlySpan<byte> utf8, IBufferWriter<int> tokens, bool addSpecial, bool parseSpecial)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        // One set of scratch is kept; calls that overlap make their own.
        TokenizerScratch scratch = Interlocked.Exchange(ref _scratch, null) ?? new TokenizerScratch();
        TokenWriter writer = new(tokens);
        if (addSpecial && AddsBeginOfSequence && BeginOfSequence >= 0) writer.Write(BeginOfSequence);
        Vocabulary.Specials.Cut(utf8, parseSpecial, ref scratch.Fragments, ref scratch.SpareFragments);
        bool afterSpecial = true;
        for (int i = 0; i < scratch.Fragments.Count; i++)
        {
            SpecialTokens.Fragment fragment = scratch.Fragments[i];
            if (fragment.Token >= 0) writer.Write(fragment.Token);
            else EncodeText(utf8[fragment.Start..fragment.End], afterSpecial, scratch, ref writer);
            afterSpecial = fragment.Token >= 0;
        }

        if (addSpecial && ClosingToken >= 0) writer.Write(ClosingToken);
        writer.Flush();
        _scratch = utf8.Length <= TokenizerScratch.KeptBytes ? scratch : null;
    }

    public override IReadOnlyList<string> Split(string text, bool parseSpecial)
    {
        ArgumentNullException.ThrowIfNull(text);
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        TokenizerScratch scratch = new();
        Vocabulary.Specials.Cut(utf8, parseSpecial, ref scratch.Fragments, ref scratch.SpareFragments);
        List<string> pieces = [];
        foreach (SpecialTokens.Fragment fragment in scratch.Fragments)
        {
            ReadOnlySpan<byte> part = utf8.AsSpan(fragment.Start, fragment.End - fragment.Start);
            if (fragment.Token >= 0) pieces.Add(Encoding.UTF8.GetString(part));
            else SplitText(part, scratch, pieces);
        }

        return pieces;
    }

    public override string GetPiece(int token)
    {
        CheckToken(token);
        return Encoding.UTF8.GetString(Vocabulary.Tokens[token]);
    }

    public override ReadOnlySpan<byte> GetBytes(int token, bool includeSpecial = false)
    {
        CheckToken(token);
        return !includeSpecial && (Vocabulary.Attributes(token) & Hidden) != 0 ? [] : Bytes[token];
    }

    public override string Decode(ReadOnlySpan<int> tokens, bool includeSpecial = false)
    {
        ArrayBufferWriter<byte> bytes = new(Math.Max(16, tokens.Length * 4));
        Decode(tokens, bytes, includeSpecial);
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    public override void Decode(ReadOnlySpan<int> tokens, IBufferWriter<byte> utf8, bool includeSpecial = false)
    {
        ArgumentNullException.ThrowIfNull(utf8);
        const TokenAttributes special = Hidden | TokenAttributes.UserDefined;
        bool afterSpecial = true;
        foreach (int token in tokens)
        {
            ReadOnlySpan<byte> bytes = GetBytes(token, includeSpecial);
            bool isSpecial = (Vocabulary.Attributes(token) & special) != 0;
            // Encoding puts one space in front of each text that follows a special token, so one is taken away there.
            if (AddsSpace && afterSpecial && !isSpecial && bytes is [(byte)' ', ..]) bytes = bytes[1..];
            utf8.Write(bytes);
            afterSpecial = isSpecial;
        }
    }

    /// <summary>Encodes text without special tokens.</summary>
    protected abstract void EncodeText(
        ReadOnlySpan<byte> text, bool afterSpecial, TokenizerScratch scratch, ref TokenWriter writer);

    /// <summary>Adds the pieces of text without special tokens.</summary>
    protected abstract void SplitText(ReadOnlySpan<byte> text, TokenizerScratch scratch, List<string> pieces);

    /// <summary>Decodes a normal token's spelling; returns the length.</summary>
    protected abstract int DecodeNormal(ReadOnlySpan<byte> spelling, Span<byte> bytes);

    // Decoded on first use: a prompt is encoded before the first token is shown. A race decodes twice, no more.
    private TokenBytes Bytes => _bytes ??= new TokenBytes(Vocabulary, DecodeToken);

    private int DecodeToken(int token, ReadOnlySpan<byte> spelling, Span<byte> bytes)
    {
        TokenAttributes attributes = Vocabulary.Attributes(token);
        if ((attributes & TokenAttributes.Byte) != 0 && Vocabulary.TryReadByteToken(spelling, out byte value))
        {
            bytes[0] = value;
            return 1;
        }

        if ((attributes & (Hidden | TokenAttributes.UserDefined)) == 0) return DecodeNormal(spelling, bytes);
        spelling.CopyTo(bytes);
        return spelling.Length;
    }

    private void CheckToken(int token)
    {
        if ((uint)token < (uint)Vocabulary.Count) return;
        throw new ArgumentOutOfRangeException(nameof(token), token, $"the vocabulary has {Vocabulary.Count} tokens");
    }
}
