using System.Globalization;
using System.Text;

namespace Engine.Text.Patterns;

/// <summary>Reads sets of code points: literals, escapes such as <c>\p{L}</c>, and bracketed classes with ranges,
/// negation, nesting and intersection (<c>&amp;&amp;</c>).</summary>
internal sealed class ClassParser(string pattern)
{
    /// <summary>The set of one code point, and of those that fold to the same if case does not matter.</summary>
    public CharacterSet Literal(int codePoint, bool ignoreCase)
    {
        List<int> ranges = [];
        AddFolded(ranges, codePoint, ignoreCase);
        return new CharacterSet(ranges.ToArray());
    }

    /// <summary>A class from its opening bracket; <paramref name="position"/> moves behind the closing one.</summary>
    public CharacterSet ParseClass(ref int position, bool ignoreCase)
    {
        position++;
        bool negated = Peek(position) == '^';
        if (negated) position++;
        CharacterSet set = ParseMembers(ref position, ignoreCase, atStart: true);
        while (Peek(position) == '&')
        {
            position += 2;
            set = new CharacterSet([], members: [set], and: ParseMembers(ref position, ignoreCase, atStart: false));
        }

        position++;
        return negated ? set.Negate() : set;
    }

    /// <summary>An escape outside or inside a class.</summary>
    public CharacterSet ParseEscape(ref int position, bool ignoreCase)
    {
        char c = Peek(position + 1);
        CharacterSet? set = c switch
        {
            's' => CharacterSet.WhiteSpace,
            'S' => CharacterSet.WhiteSpace.Negate(),
            'd' => CharacterSet.Digit,
            'D' => CharacterSet.Digit.Negate(),
            'w' => CharacterSet.Word,
            'W' => CharacterSet.Word.Negate(),
            _ => null,
        };
        if (set is not null)
        {
            position += 2;
            return set;
        }

        if (c is 'p' or 'P') return ParseProperty(ref position);
        return Literal(ParseCodePoint(ref position), ignoreCase);
    }

    private char Peek(int position) =>
        position < pattern.Length ? pattern[position] : throw Error(position, "cut short");

    private FormatException Error(int position, string reason) => new($"pattern {pattern}: {reason} at {position}");

    /// <summary>Members up to the closing bracket or an intersection, which is left for the caller.</summary>
    private CharacterSet ParseMembers(ref int position, bool ignoreCase, bool atStart)
    {
        List<int> ranges = [];
        List<CharacterSet> members = [];
        for (bool first = atStart; ; first = false)
        {
            char c = Peek(position);
            if (c == ']' && !first) break;
            if (c == '&' && Peek(position + 1) == '&') break;
            if (c == '[')
            {
                members.Add(ParseClass(ref position, ignoreCase));
                continue;
            }

            if (c == '\\' && Peek(position + 1) is 's' or 'S' or 'd' or 'D' or 'w' or 'W' or 'p' or 'P')
            {
                members.Add(ParseEscape(ref position, ignoreCase));
                continue;
            }

            int from = ParseCodePoint(ref position);
            if (Peek(position) == '-' && Peek(position + 1) is not (']' or '['))
            {
                position++;
                int to = ParseCodePoint(ref position);
                if (to < from) throw Error(position, "range runs backwards");
                ranges.AddRange([from, to]);
                // Folding a range means folding its letters; only ASCII ranges occur with (?i).
                for (int i = from; ignoreCase && i <= Math.Min(to, 127); i++) AddFolded(ranges, i, true);
            }
            else
            {
                AddFolded(ranges, from, ignoreCase);
            }
        }

        return new CharacterSet(ranges.ToArray(), members: [.. members]);
    }

    private CharacterSet ParseProperty(ref int position)
    {
        bool negated = Peek(position + 1) == 'P';
        int close = Peek(position + 2) == '{' ? pattern.IndexOf('}', position) : position + 2;
        if (close < 0) throw Error(position, "missing }");
        bool braces = pattern[position + 2] == '{';
        string name = braces ? pattern[(position + 3)..close] : pattern[(position + 2)..(close + 1)];
        if (name.StartsWith('^'))
        {
            negated = !negated;
            name = name[1..];
        }

        uint categories = CategoryMask.Find(name);
        ReadOnlySpan<int> script = UnicodeScripts.Find(name[(name.LastIndexOf('=') + 1)..]);
        if (categories == 0 && script.IsEmpty) throw Error(position, $"unknown property {name}");
        position = close + 1;
        return new CharacterSet(script, categories, negated: negated);
    }

    /// <summary>A literal or an escape that stands for one code point.</summary>
    private int ParseCodePoint(ref int position)
    {
        if (Peek(position) != '\\')
        {
            Rune.DecodeFromUtf16(pattern.AsSpan(position), out Rune rune, out int length);
            position += length;
            return rune.Value;
        }

        char c = Peek(position + 1);
        position += 2;
        switch (c)
        {
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'f': return '\f';
            case 'v': return '\v';
            case 'a': return '\a';
            case 'e': return 0x1B;
            case '0': return 0;
            case 'x' or 'u' or 'U': return ParseHexadecimal(ref position, c);
            default:
                return char.IsAsciiLetterOrDigit(c) ? throw Error(position, $"unknown escape \\{c}") : c;
        }
    }

    private int ParseHexadecimal(ref int position, char kind)
    {
        int length = kind switch { 'x' => 2, 'u' => 4, _ => 8 };
        ReadOnlySpan<char> digits;
        if (Peek(position) == '{')
        {
            int close = pattern.IndexOf('}', position);
            if (close < 0) throw Error(position, "missing }");
            digits = pattern.AsSpan((position + 1)..close);
            position = close + 1;
        }
        else
        {
            if (position + length > pattern.Length) throw Error(position, "cut short");
            digits = pattern.AsSpan(position, length);
            position += length;
        }

        return int.TryParse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out int value)
            ? value
            : throw Error(position, "bad hexadecimal number");
    }

    private static void AddFolded(List<int> ranges, int codePoint, bool ignoreCase)
    {
        ranges.AddRange([codePoint, codePoint]);
        if (!ignoreCase || !Rune.IsValid(codePoint)) return;
        int upper = Rune.ToUpperInvariant(new Rune(codePoint)).Value;
        int lower = Rune.ToLowerInvariant(new Rune(upper)).Value;
        ranges.AddRange([upper, upper, lower, lower]);
        // The two letters beyond ASCII whose simple folding is an ASCII letter: long s and the Kelvin sign.
        if (lower == 's') ranges.AddRange([0x17F, 0x17F]);
        if (lower == 'k') ranges.AddRange([0x212A, 0x212A]);
    }
}
