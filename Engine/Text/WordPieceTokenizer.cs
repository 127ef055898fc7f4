using System.Text;

namespace Engine.Text;

/// <summary>WordPiece (<c>bert</c>): each word is covered from the left by the longest tokens that fit; a word that
/// cannot be covered is one unknown token.</summary>
/// <remarks>GGUF spells the token that begins a word with U+2581 and the others plainly (no <c>##</c>).</remarks>
internal sealed class WordPieceTokenizer : VocabularyTokenizer
{
    private readonly int _unknown;

    public WordPieceTokenizer(Vocabulary vocabulary) : base(vocabulary)
    {
        VocabularyDefinition definition = vocabulary.Definition;
        BeginOfSequence = vocabulary.SpecialId(101, "cls", "bos");
        // The key is spelled like this in the format.
        int separator = vocabulary.SpecialId(102, "seperator", "separator");
        EndOfSequence = vocabulary.SpecialId(separator, "eos");
        AddsBeginOfSequence = definition.AddBos ?? true;
        ClosingToken = definition.AddEos == false ? -1 : separator;
        _unknown = vocabulary.SpecialId(100, "unknown");
        if (_unknown < 0) throw new ModelFormatException("tokenizer.ggml.unknown_token_id: a bert vocabulary needs it");
    }

    public override int BeginOfSequence { get; }

    public override int EndOfSequence { get; }

    public override bool AddsBeginOfSequence { get; }

    protected override int ClosingToken { get; }

    protected override bool AddsSpace => true;

    protected override void EncodeText(
        ReadOnlySpan<byte> text, bool afterSpecial, TokenizerScratch scratch, ref TokenWriter writer)
    {
        Span<byte> bytes = scratch.Bytes(checked(text.Length * BertNormalizer.MaxGrowth) + SpaceEscape.Mark.Length);
        // Words follow each other; the mark of each is written over the end of the one before, which is done with.
        Span<byte> words = bytes[SpaceEscape.Mark.Length..];
        BertNormalizer.Apply(text, words, ref scratch.Ends);
        int start = 0;
        for (int i = 0; i < scratch.Ends.Count; i++)
        {
            int end = scratch.Ends[i];
            SpaceEscape.Mark.CopyTo(bytes[start..]);
            EncodeWord(bytes[start..(end + SpaceEscape.Mark.Length)], ref scratch.SpareEnds);
            foreach (int token in scratch.SpareEnds.AsSpan()) writer.Write(token);
            start = end;
        }
    }

    protected override void SplitText(ReadOnlySpan<byte> text, TokenizerScratch scratch, List<string> pieces)
    {
        byte[] words = new byte[text.Length * BertNormalizer.MaxGrowth];
        BertNormalizer.Apply(text, words, ref scratch.Ends);
        int start = 0;
        foreach (int end in scratch.Ends.AsSpan())
        {
            pieces.Add(Encoding.UTF8.GetString(words.AsSpan(start..end)));
            start = end;
        }
    }

    protected override int DecodeNormal(ReadOnlySpan<byte> spelling, Span<byte> bytes) =>
        SpaceEscape.Undo(spelling, bytes);

    private void EncodeWord(ReadOnlySpan<byte> word, ref IntList tokens)
    {
        tokens.Clear();
        for (int position = 0; position < word.Length;)
        {
            int length = Math.Min(word.Length - position, Vocabulary.Table.LongestToken);
            int token = -1;
            for (; length > 0 && token < 0; length--) token = Vocabulary.Table.Find(word.Slice(position, length));
            if (token < 0)
            {
                tokens.Clear();
                tokens.Add(_unknown);
                return;
            }

            tokens.Add(token);
            position += length + 1;
        }
    }
}
