namespace Engine.Text;

/// <summary>WordPiece (<c>bert</c>).</summary>
internal sealed class WordPieceTokenizer : VocabularyTokenizer
{
    public WordPieceTokenizer(Vocabulary vocabulary) : base(vocabulary) => throw new NotSupportedException();

    public override int BeginOfSequence => -1;

    public override int EndOfSequence => -1;

    public override bool AddsBeginOfSequence => true;

    protected override int ClosingToken => -1;

    protected override bool AddsSpace => true;

    protected override void EncodeText(
        ReadOnlySpan<byte> text, bool afterSpecial, TokenizerScratch scratch, ref TokenWriter writer)
    {
    }

    protected override void SplitText(ReadOnlySpan<byte> text, TokenizerScratch scratch, List<string> pieces)
    {
    }

    protected override int DecodeNormal(ReadOnlySpan<byte> spelling, Span<byte> bytes) => 0;
}
