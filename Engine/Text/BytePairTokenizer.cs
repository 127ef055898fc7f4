using System.Text;
using Engine.Text.Patterns;

namespace Engine.Text;

/// <summary>Byte-pair encoding (<c>gpt2</c>): the pre-tokenizer cuts, merges join by rank.</summary>
internal sealed class BytePairTokenizer : VocabularyTokenizer
{
    private readonly PreTokenizer _preTokenizer;
    private readonly MergeTable _merges;

    /// <summary>For each byte the id of the token that spells it, or −1.</summary>
    private readonly int[] _byteTokens = new int[256];

    public BytePairTokenizer(Vocabulary vocabulary) : base(vocabulary)
    {
        VocabularyDefinition definition = vocabulary.Definition;
        _preTokenizer = PreTokenizer.Create(
            definition.PreTokenizer ?? (definition.Model == "gemma4" ? definition.Model : null));
        _merges = new MergeTable(vocabulary);
        BeginOfSequence = vocabulary.SpecialId(-1, "bos");
        EndOfSequence = vocabulary.SpecialId(-1, "eos");
        AddsBeginOfSequence = definition.AddBos ?? Rule.AddsBos;
        ClosingToken = definition.AddEos == true ? EndOfSequence : -1;
        Span<byte> spelling = stackalloc byte[ByteAlphabet.MaxBytesPerByte];
        for (int value = 0; value < 256; value++)
        {
            _byteTokens[value] = Rule.ByteLevel
                ? _merges.Find(spelling[..ByteAlphabet.Spell((byte)value, spelling)])
                : vocabulary.FindByteToken((byte)value);
        }
    }

    public override int BeginOfSequence { get; }

    public override int EndOfSequence { get; }

    public override bool AddsBeginOfSequence { get; }

    protected override int ClosingToken { get; }

    protected override bool AddsSpace => false;

    private PreTokenizerRule Rule => _preTokenizer.Rule;

    protected override void EncodeText(
        ReadOnlySpan<byte> text, bool afterSpecial, TokenizerScratch scratch, ref TokenWriter writer)
    {
        _preTokenizer.Split(text, scratch.Matcher, ref scratch.Ends, ref scratch.SpareEnds);
        int start = 0;
        for (int i = 0; i < scratch.Ends.Count; i++)
        {
            int end = scratch.Ends[i];
            ReadOnlySpan<byte> piece = text[start..end];
            start = end;
            if (Rule.IgnoreMerges && FindWhole(piece, scratch) is >= 0 and int whole) writer.Write(whole);
            else if (Rule.ByteLevel) EncodeBytes(piece, scratch.Merger, ref writer);
            else EncodeCharacters(piece, scratch, ref writer);
        }
    }

    protected override void SplitText(ReadOnlySpan<byte> text, TokenizerScratch scratch, List<string> pieces)
    {
        _preTokenizer.Split(text, scratch.Matcher, ref scratch.Ends, ref scratch.SpareEnds);
        int start = 0;
        foreach (int end in scratch.Ends.AsSpan())
        {
            pieces.Add(Encoding.UTF8.GetString(text[start..end]));
            start = end;
        }
    }

    protected override int DecodeNormal(ReadOnlySpan<byte> spelling, Span<byte> bytes)
    {
        if (!Rule.ByteLevel)
            return Rule.EscapesSpaces ? SpaceEscape.Undo(spelling, bytes) : SpaceEscape.Copy(spelling, bytes);
        int used = 0;
        for (int position = 0; position < spelling.Length;)
        {
            int value = ByteAlphabet.ByteOf(Utf8Text.Decode(spelling, position, out int length));
            if (value >= 0) bytes[used++] = (byte)value;
            else
            {
                // Not in the alphabet: a token that a converter spelled plainly.
                spelling.Slice(position, length).CopyTo(bytes[used..]);
                used += length;
            }

            position += length;
        }

        return used;
    }

    /// <summary>The id of the token that is the whole piece, or −1.</summary>
    private int FindWhole(ReadOnlySpan<byte> piece, TokenizerScratch scratch)
    {
        if (piece.Length > Vocabulary.Table.LongestToken) return -1;
        if (!Rule.ByteLevel) return Vocabulary.Table.Find(piece);
        Span<byte> spelling = scratch.Bytes(piece.Length * ByteAlphabet.MaxBytesPerByte);
        int used = 0;
        foreach (byte value in piece) used += ByteAlphabet.Spell(value, spelling[used..]);
        return Vocabulary.Table.Find(spelling[..used]);
    }

    private void EncodeBytes(ReadOnlySpan<byte> piece, PairMerger merger, ref TokenWriter writer)
    {
        merger.Reserve(piece.Length);
        Span<int> ids = merger.Ids;
        for (int i = 0; i < piece.Length; i++) ids[i] = _byteTokens[piece[i]];
        merger.Merge(_merges, piece.Length);
        for (int i = 0; i < piece.Length; i = merger.Next(i))
        {
            int id = ids[i];
            if ((uint)id < (uint)Vocabulary.Count) writer.Write(id);
            else WriteBytes(piece[i..merger.Next(i)], ref writer);
        }
    }

    /// <summary>For vocabularies in plain text: symbols are characters, and those unknown are spelled in
    /// bytes.</summary>
    private void EncodeCharacters(ReadOnlySpan<byte> piece, TokenizerScratch scratch, ref TokenWriter writer)
    {
        PairMerger merger = scratch.Merger;
        merger.Reserve(piece.Length);
        Span<int> ids = merger.Ids;
        scratch.SpareEnds.Clear();
        for (int position = 0; position < piece.Length;)
        {
            Utf8Text.Decode(piece, position, out int length);
            ReadOnlySpan<byte> character = piece.Slice(position, length);
            bool escape = Rule.EscapesSpaces && character[0] == ' ';
            ids[scratch.SpareEnds.Count] = _merges.Find(escape ? SpaceEscape.Mark : character);
            position += length;
            scratch.SpareEnds.Add(position);
        }

        int count = scratch.SpareEnds.Count;
        merger.Merge(_merges, count);
        for (int i = 0; i < count; i = merger.Next(i))
        {
            int start = i == 0 ? 0 : scratch.SpareEnds[i - 1];
            if ((uint)ids[i] < (uint)Vocabulary.Count) writer.Write(ids[i]);
            else WriteBytes(piece[start..scratch.SpareEnds[merger.Next(i) - 1]], ref writer);
        }
    }

    private void WriteBytes(ReadOnlySpan<byte> bytes, ref TokenWriter writer)
    {
        foreach (byte value in bytes)
        {
            // A vocabulary without this byte cannot express it.
            if ((uint)_byteTokens[value] < (uint)Vocabulary.Count) writer.Write(_byteTokens[value]);
        }
    }
}
