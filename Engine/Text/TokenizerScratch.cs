using Engine.Text.Patterns;

namespace Engine.Text;

/// <summary>What one call of a tokenizer works in; kept for the next call, so that a warm tokenizer allocates nothing.
/// </summary>
internal sealed class TokenizerScratch
{
    /// <summary>More than this is given back after a call.</summary>
    public const int KeptBytes = 1 << 20;

    public List<SpecialTokens.Fragment> Fragments = [];
    public List<SpecialTokens.Fragment> SpareFragments = [];
    public IntList Ends;
    public IntList SpareEnds;
    private byte[] _bytes = new byte[1024];

    public PatternMatcher Matcher { get; } = new();

    public PairMerger Merger { get; } = new();

    public TextMerger TextMerger { get; } = new();

    /// <summary>At least <paramref name="count"/> bytes, contents undefined.</summary>
    public Span<byte> Bytes(int count)
    {
        if (_bytes.Length < count) _bytes = new byte[Math.Max(count, _bytes.Length * 2)];
        return _bytes;
    }
}
