using System.Text;

namespace Engine.Text;

/// <summary>SentencePiece-style byte-pair encoding (<c>llama</c>): neighbours join into any token that their text
/// spells, the highest score first; characters without a token are spelled in bytes.</summary>
internal sealed class SentencePieceTokenizer : VocabularyTokenizer
{
    private readonly int[] _byteTokens = new int[256];

    public SentencePieceTokenizer(Vocabulary vocabulary) : base(vocabulary)
    {
        VocabularyDefinition definition = vocabulary.Definition;
        if (definition.Scores.IsEmpty)
            throw new ModelFormatException("tokenizer.ggml.scores: missing, but a llama vocabulary joins by score");
        BeginOfSequence = vocabulary.SpecialId(1, "bos");
        EndOfSequence = vocabulary.SpecialId(2, "eos");
        AddsBeginOfSequence = definition.AddBos ?? true;
        ClosingToken = definition.AddEos == true ? EndOfSequence : -1;
        AddsSpace = definition.AddSpacePrefix ?? true;
        int unknown = vocabulary.SpecialId(0, "unknown");
        for (int value = 0; value < 256; value++)
        {
            int id = vocabulary.FindByteToken((byte)value);
            if (id < 0) id = vocabulary.Table.Find([(byte)value]);
            _byteTokens[value] = id >= 0 ? id : unknown;
        }
    }

    public override int BeginOfSequence { get; }

    public override int EndOfSequence { get; }

    public override bool AddsBeginOfSequence { get; }

    protected override int ClosingToken { get; }

    protected override bool AddsSpace { get; }

    protected override void EncodeText(
        ReadOnlySpan<byte> text, bool afterSpecial, TokenizerScratch scratch, ref TokenWriter writer)
    {
        Span<byte> escaped = scratch.Bytes(checked((text.Length + 1) * SpaceEscape.Mark.Length));
        int used = 0;
        if (AddsSpace && afterSpecial)
        {
            SpaceEscape.Mark.CopyTo(escaped);
            used = SpaceEscape.Mark.Length;
        }

        used += SpaceEscape.Apply(text, escaped[used..]);
        ReadOnlySpan<byte> spelled = escaped[..used];
        TextMerger merger = scratch.TextMerger;
        merger.Merge(spelled, Vocabulary);
        for (int i = 0; i < merger.Count; i = merger.Next(i))
        {
            int token = merger.Token(i);
            if (token >= 0)
            {
                writer.Write(token);
                continue;
            }

            foreach (byte value in spelled[merger.Start(i)..merger.Start(merger.Next(i))])
                writer.Write(_byteTokens[value]);
        }
    }

    protected override void SplitText(ReadOnlySpan<byte> text, TokenizerScratch scratch, List<string> pieces) =>
        pieces.Add(Encoding.UTF8.GetString(text));

    protected override int DecodeNormal(ReadOnlySpan<byte> spelling, Span<byte> bytes) =>
        SpaceEscape.Undo(spelling, bytes);
}
