using System.Globalization;
using System.Runtime.CompilerServices;

namespace Engine.Text.Patterns;

/// <summary>A set of code points: ranges, general categories and nested sets, possibly negated or
/// intersected.</summary>
/// <remarks>ASCII is answered from a bitmap; the rest is computed, as tables for all of Unicode would cost more to
/// build than they save in a program that reads one prompt.</remarks>
internal sealed class CharacterSet
{
    /// <summary>White_Space of Unicode, which is what <c>\s</c> means here.</summary>
    private static readonly int[] WhiteSpaceRanges =
    [
        0x09, 0x0D, 0x20, 0x20, 0x85, 0x85, 0xA0, 0xA0, 0x1680, 0x1680, 0x2000, 0x200A, 0x2028, 0x2029, 0x202F, 0x202F,
        0x205F, 0x205F, 0x3000, 0x3000,
    ];

    /// <summary>What <c>\w</c> has beyond letters, marks, decimal digits, letter numbers and connectors: the joiners,
    /// and the circled and squared letters, which are alphabetic symbols.</summary>
    private static readonly int[] WordRanges =
    [
        0x200C, 0x200D, 0x24B6, 0x24E9, 0x1F130, 0x1F149, 0x1F150, 0x1F169, 0x1F170, 0x1F189,
    ];

    private readonly int[] _ranges;
    private readonly uint _categories;
    private readonly CharacterSet[] _members;
    private readonly CharacterSet? _and;
    private readonly bool _negated;
    private readonly ulong _low;
    private readonly ulong _high;

    /// <summary>Creates a set.</summary>
    /// <param name="ranges">First and last code point of each range, in any order.</param>
    /// <param name="categories">Bit i stands for <see cref="UnicodeCategory"/> i.</param>
    /// <param name="members">Sets that belong to this one.</param>
    /// <param name="and">What the members found so far are intersected with.</param>
    /// <param name="negated">Complement of all of this.</param>
    public CharacterSet(
        ReadOnlySpan<int> ranges, uint categories = 0, CharacterSet[]? members = null, CharacterSet? and = null,
        bool negated = false)
    {
        _ranges = SortAndMerge(ranges);
        _categories = categories;
        _members = members ?? [];
        _and = and;
        _negated = negated;
        for (int c = 0; c < 64; c++)
        {
            if (Compute(c)) _low |= 1UL << c;
            if (Compute(c + 64)) _high |= 1UL << c;
        }
    }

    public static CharacterSet WhiteSpace { get; } = new(WhiteSpaceRanges);

    public static CharacterSet Digit { get; } = new([], 1u << (int)UnicodeCategory.DecimalDigitNumber);

    public static CharacterSet Word { get; } = new(WordRanges, CategoryMask.Letter | CategoryMask.Mark
        | (1u << (int)UnicodeCategory.DecimalDigitNumber) | (1u << (int)UnicodeCategory.LetterNumber)
        | (1u << (int)UnicodeCategory.ConnectorPunctuation));

    /// <summary>Everything but a line feed, the dot of a pattern.</summary>
    public static CharacterSet Dot { get; } = new(['\n', '\n'], negated: true);

    /// <summary>Members among U+0000–U+003F.</summary>
    public ulong Low => _low;

    /// <summary>Members among U+0040–U+007F.</summary>
    public ulong High => _high;

    public CharacterSet Negate() => new([], members: [this], negated: true);

    /// <summary>True if the code point belongs to the set.</summary>
    public bool Contains(int codePoint) => codePoint < 128
        ? (((codePoint < 64 ? _low : _high) >> codePoint) & 1) != 0
        : Compute(codePoint);

    /// <summary>True if there is a unit at <paramref name="position"/> that belongs to the set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Matches(ReadOnlySpan<byte> text, int position, out int length)
    {
        length = 1;
        if ((uint)position >= (uint)text.Length) return false;
        int first = text[position];
        // A shift takes its count modulo 64, so the same expression serves both halves of ASCII.
        if (first < 128) return (((first < 64 ? _low : _high) >> first) & 1) != 0;
        return Compute(Utf8Text.Decode(text, position, out length));
    }

    /// <summary>The one ASCII character of the set, or −1.</summary>
    public int SingleAscii()
    {
        bool one = _categories == 0 && _members.Length == 0 && _and is null && !_negated && _ranges.Length == 2;
        return one && _ranges[0] == _ranges[1] && _ranges[0] < 128 ? _ranges[0] : -1;
    }

    private bool Compute(int codePoint)
    {
        bool found = InRanges(codePoint)
            || (_categories != 0 && ((_categories >> (int)CharUnicodeInfo.GetUnicodeCategory(codePoint)) & 1) != 0);
        for (int i = 0; !found && i < _members.Length; i++) found = _members[i].Contains(codePoint);
        if (found && _and is not null) found = _and.Contains(codePoint);
        return found != _negated;
    }

    private bool InRanges(int codePoint)
    {
        int low = 0, high = (_ranges.Length / 2) - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            if (codePoint < _ranges[middle * 2]) high = middle - 1;
            else if (codePoint > _ranges[(middle * 2) + 1]) low = middle + 1;
            else return true;
        }

        return false;
    }

    private static int[] SortAndMerge(ReadOnlySpan<int> ranges)
    {
        int count = ranges.Length / 2;
        int[] starts = new int[count], ends = new int[count];
        for (int i = 0; i < count; i++) (starts[i], ends[i]) = (ranges[2 * i], ranges[(2 * i) + 1]);
        Array.Sort(starts, ends);
        int[] merged = new int[ranges.Length];
        int used = 0;
        for (int i = 0; i < count; i++)
        {
            if (used > 0 && starts[i] <= merged[used - 1] + 1)
            {
                merged[used - 1] = Math.Max(merged[used - 1], ends[i]);
                continue;
            }

            merged[used++] = starts[i];
            merged[used++] = ends[i];
        }

        return merged[..used];
    }
}
