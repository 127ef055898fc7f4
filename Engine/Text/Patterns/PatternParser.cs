using System.Text;

namespace Engine.Text.Patterns;

/// <summary>Reads the regular expressions that pre-tokenizers are written in (the common ground of Oniguruma, Python's
/// <c>regex</c> and PCRE) into a tree of code point sets.</summary>
/// <remarks>Groups capture nothing, as splitting needs only where a match begins and ends.</remarks>
internal sealed class PatternParser
{
    private readonly string _pattern;
    private readonly ClassParser _classes;
    private int _position;
    private bool _ignoreCase;

    private PatternParser(string pattern)
    {
        _pattern = pattern;
        _classes = new ClassParser(pattern);
    }

    /// <summary>Parses a whole pattern.</summary>
    /// <exception cref="FormatException">Syntax that is not known here.</exception>
    public static PatternNode Parse(string pattern)
    {
        PatternParser parser = new(pattern);
        PatternNode node = parser.ParseChoice();
        return parser._position == pattern.Length ? node : throw parser.Error("unbalanced )");
    }

    private bool AtEnd => _position >= _pattern.Length;

    private FormatException Error(string reason) => new($"pattern {_pattern}: {reason} at {_position}");

    private bool TryTake(string text)
    {
        if (!_pattern.AsSpan(_position).StartsWith(text, StringComparison.Ordinal)) return false;
        _position += text.Length;
        return true;
    }

    private PatternNode ParseChoice()
    {
        List<PatternNode> parts = [ParseSequence()];
        while (TryTake("|")) parts.Add(ParseSequence());
        return parts.Count == 1 ? parts[0] : new PatternNode.Choice(parts);
    }

    private PatternNode.Sequence ParseSequence()
    {
        List<PatternNode> parts = [];
        while (!AtEnd && _pattern[_position] is not ('|' or ')')) parts.Add(ParseRepeat());
        return new PatternNode.Sequence(parts);
    }

    private PatternNode ParseRepeat()
    {
        PatternNode node = ParseAtom();
        while (!AtEnd && TryParseCounts(out int min, out int max))
        {
            RepeatMode mode = TryTake("+") ? RepeatMode.Possessive : TryTake("?") ? RepeatMode.Lazy : RepeatMode.Greedy;
            node = new PatternNode.Repeat(node, min, max, mode);
        }

        return node;
    }

    private bool TryParseCounts(out int min, out int max)
    {
        (min, max) = (0, int.MaxValue);
        if (TryTake("*")) return true;
        if (TryTake("+"))
        {
            min = 1;
            return true;
        }

        if (TryTake("?"))
        {
            max = 1;
            return true;
        }

        int close = _pattern[_position] == '{' ? _pattern.IndexOf('}', _position) : -1;
        if (close < 0) return false;
        ReadOnlySpan<char> counts = _pattern.AsSpan((_position + 1)..close);
        int comma = counts.IndexOf(',');
        if (!int.TryParse(comma < 0 ? counts : counts[..comma], out min)) return false;
        if (comma < 0) max = min;
        else if (comma + 1 < counts.Length && !int.TryParse(counts[(comma + 1)..], out max)) return false;
        if (min < 0 || max < min) throw Error("bad repetition counts");
        _position = close + 1;
        return true;
    }

    private PatternNode ParseAtom()
    {
        char c = _pattern[_position];
        switch (c)
        {
            case '(':
                _position++;
                return ParseGroup();
            case '[':
                return new PatternNode.One(_classes.ParseClass(ref _position, _ignoreCase));
            case '.':
                _position++;
                return new PatternNode.One(CharacterSet.Dot);
            case '^':
                _position++;
                return new PatternNode.Anchor(PatternOp.Start);
            case '$':
                _position++;
                return new PatternNode.Anchor(PatternOp.End);
            case '*' or '+' or '?':
                throw Error("nothing to repeat");
            case '\\':
                return ParseEscape();
            default:
                return new PatternNode.One(_classes.Literal(ReadRune(), _ignoreCase));
        }
    }

    private int ReadRune()
    {
        Rune.DecodeFromUtf16(_pattern.AsSpan(_position), out Rune rune, out int length);
        _position += length;
        return rune.Value;
    }

    private PatternNode ParseEscape()
    {
        PatternOp? anchor = _position + 1 < _pattern.Length ? _pattern[_position + 1] switch
        {
            'b' => PatternOp.WordBoundary,
            'B' => PatternOp.NotWordBoundary,
            'A' => PatternOp.Start,
            'Z' => PatternOp.End,
            'z' => PatternOp.VeryEnd,
            _ => null,
        } : null;
        if (anchor is null) return new PatternNode.One(_classes.ParseEscape(ref _position, _ignoreCase));
        _position += 2;
        return new PatternNode.Anchor(anchor.Value);
    }

    /// <summary>What follows an opening parenthesis.</summary>
    private PatternNode ParseGroup()
    {
        bool outerCase = _ignoreCase;
        PatternNode node;
        if (TryTake("?=")) node = new PatternNode.Look(ParseChoice(), Behind: false, Negative: false);
        else if (TryTake("?!")) node = new PatternNode.Look(ParseChoice(), Behind: false, Negative: true);
        else if (TryTake("?<=")) node = new PatternNode.Look(ParseChoice(), Behind: true, Negative: false);
        else if (TryTake("?<!")) node = new PatternNode.Look(ParseChoice(), Behind: true, Negative: true);
        else if (TryTake("?>")) node = new PatternNode.Atomic(ParseChoice());
        else if (TryTake("?:")) node = ParseChoice();
        else if (TryTake("?i:") || TryTake("?i)"))
        {
            _ignoreCase = true;
            // "(?i)" holds for the rest of the group around it: nothing to close here.
            if (_pattern[_position - 1] == ')') return new PatternNode.Sequence([]);
            node = ParseChoice();
        }
        else if (TryTake("?")) throw Error("unknown kind of group");
        else node = ParseChoice();

        if (!TryTake(")")) throw Error("missing )");
        _ignoreCase = outerCase;
        return node;
    }
}
