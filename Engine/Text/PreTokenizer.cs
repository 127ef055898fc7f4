using System.Diagnostics.CodeAnalysis;
using Engine.Text.Patterns;

namespace Engine.Text;

/// <summary>Cuts text into pieces that are merged on their own, by the regular expressions of a model's
/// maker.</summary>
/// <remarks>The patterns are applied one after the other, each to every piece of the one before. A match is a piece and
/// so is the text between matches; a match of length zero only cuts.</remarks>
internal sealed class PreTokenizer
{
    private readonly PreTokenizerRule _rule;
    private CodePointPattern[]? _patterns;

    private PreTokenizer(PreTokenizerRule rule) => _rule = rule;

    /// <summary>What else the name says about the vocabulary.</summary>
    public PreTokenizerRule Rule => _rule;

    /// <summary>The pre-tokenizer of a <c>tokenizer.ggml.pre</c> value.</summary>
    /// <exception cref="ModelFormatException">The name is not known.</exception>
    public static PreTokenizer Create(string? name)
    {
        string key = string.IsNullOrEmpty(name) ? PreTokenizerRules.Default : name;
        if (PreTokenizerRules.TryFind(key, out PreTokenizerRule? rule)) return new PreTokenizer(rule);
        throw new ModelFormatException(
            $"tokenizer.ggml.pre: unknown pre-tokenizer '{key}'; known are "
            + string.Join(", ", PreTokenizerRules.Names));
    }

    /// <summary>Cuts the text and leaves the ends of its pieces, ascending, in <paramref name="ends"/>.</summary>
    public void Split(ReadOnlySpan<byte> text, PatternMatcher matcher, ref IntList ends, ref IntList spare)
    {
        ends.Clear();
        if (text.IsEmpty) return;
        ends.Add(text.Length);
        foreach (CodePointPattern pattern in Patterns)
        {
            spare.Clear();
            int start = 0;
            foreach (int end in ends.AsSpan())
            {
                SplitPiece(pattern, text[start..end], start, matcher, ref spare);
                start = end;
            }

            (ends, spare) = (spare, ends);
        }
    }

    // Compiled on first use: a model that is only inspected does not pay for it. A race compiles twice, no more.
    private CodePointPattern[] Patterns
    {
        get
        {
            CodePointPattern[]? patterns = _patterns;
            if (patterns is not null) return patterns;
            patterns = new CodePointPattern[_rule.Patterns.Length];
            for (int i = 0; i < patterns.Length; i++) patterns[i] = new CodePointPattern(_rule.Patterns[i]);
            return _patterns = patterns;
        }
    }

    private static void SplitPiece(
        CodePointPattern pattern, ReadOnlySpan<byte> piece, int offset, PatternMatcher matcher, ref IntList ends)
    {
        matcher.Begin(pattern, piece.Length);
        FirstSet first = pattern.First;
        int done = 0;
        for (int position = 0; position < piece.Length;)
        {
            int end = first.Allows(piece[position]) ? matcher.Match(piece, position) : -1;
            if (end >= 0 && position > done) ends.Add(offset + (done = position));
            if (end > position)
            {
                ends.Add(offset + (done = position = end));
                continue;
            }

            Utf8Text.Decode(piece, position, out int length);
            position += length;
        }

        if (done < piece.Length) ends.Add(offset + piece.Length);
    }
}
