using System.Buffers;
using System.Runtime.InteropServices;

namespace Engine.Text;

/// <summary>Cuts control and user-defined tokens out of text, the longest first wherever they are.</summary>
/// <remarks>User-defined tokens are always cut out, control tokens only if the caller asks. One pass over the remaining
/// text for each length of token: vectorised search for first bytes, a filter on two more, then one hash.</remarks>
internal sealed class SpecialTokens
{
    private readonly Vocabulary _vocabulary;
    private readonly Group[] _all;
    private readonly Group[] _userDefined;

    /// <summary>Tokens of one length.</summary>
    private sealed record Group(int Length, SearchValues<byte> FirstBytes, ulong[] Filter);

    public SpecialTokens(Vocabulary vocabulary)
    {
        _vocabulary = vocabulary;
        List<int> all = [], userDefined = [];
        for (int id = 0; id < vocabulary.Count; id++)
        {
            if (!IsSpecial(id, parseSpecial: true) || vocabulary.Tokens[id].IsEmpty) continue;
            all.Add(id);
            if (IsSpecial(id, parseSpecial: false)) userDefined.Add(id);
        }

        _all = MakeGroups(all);
        _userDefined = MakeGroups(userDefined);
    }

    /// <summary>A stretch of the text: a token, or raw text where Token is −1.</summary>
    public readonly record struct Fragment(int Start, int End, int Token);

    /// <summary>Cuts the text; the fragments cover it but for white space that tokens swallow.</summary>
    public void Cut(ReadOnlySpan<byte> text, bool parseSpecial, ref List<Fragment> fragments, ref List<Fragment> spare)
    {
        fragments.Clear();
        if (text.IsEmpty) return;
        fragments.Add(new Fragment(0, text.Length, -1));
        foreach (Group group in parseSpecial ? _all : _userDefined)
        {
            if (text.Length < group.Length || text.IndexOfAny(group.FirstBytes) < 0) continue;
            spare.Clear();
            bool found = false;
            foreach (Fragment fragment in CollectionsMarshal.AsSpan(fragments))
            {
                if (fragment.Token >= 0) spare.Add(fragment);
                else found |= CutFragment(text, group, parseSpecial, fragment, spare);
            }

            if (found) (fragments, spare) = (spare, fragments);
        }
    }

    private bool CutFragment(
        ReadOnlySpan<byte> text, Group group, bool parseSpecial, Fragment fragment, List<Fragment> result)
    {
        int start = fragment.Start, position = fragment.Start;
        bool found = false;
        while (position + group.Length <= fragment.End)
        {
            int skip = text[position..(fragment.End - group.Length + 1)].IndexOfAny(group.FirstBytes);
            if (skip < 0) break;
            position += skip;
            ReadOnlySpan<byte> candidate = text.Slice(position, group.Length);
            int token = MayContain(group.Filter, candidate) ? _vocabulary.Table.Find(candidate) : -1;
            if (token < 0 || !IsSpecial(token, parseSpecial))
            {
                position++;
                continue;
            }

            int end = position;
            TokenAttributes attributes = _vocabulary.Attributes(token);
            if ((attributes & TokenAttributes.StripsLeft) != 0)
            {
                while (end > start && IsSpace(text[end - 1])) end--;
            }

            if (end > start) result.Add(new Fragment(start, end, -1));
            result.Add(new Fragment(position, position + group.Length, token));
            found = true;
            position += group.Length;
            if ((attributes & TokenAttributes.StripsRight) != 0)
            {
                while (position < fragment.End && IsSpace(text[position])) position++;
            }

            start = position;
        }

        if (start < fragment.End) result.Add(new Fragment(start, fragment.End, -1));
        return found;
    }

    private bool IsSpecial(int token, bool parseSpecial)
    {
        TokenAttributes attributes = _vocabulary.Attributes(token);
        const TokenAttributes control = TokenAttributes.Control | TokenAttributes.Unknown;
        return parseSpecial
            ? (attributes & (control | TokenAttributes.UserDefined)) != 0
            : (attributes & (control | TokenAttributes.UserDefined)) == TokenAttributes.UserDefined;
    }

    /// <summary>White space of the C locale.</summary>
    private static bool IsSpace(byte value) => value is 32 or (>= 9 and <= 13);

    private Group[] MakeGroups(List<int> tokens)
    {
        SortedDictionary<int, List<int>> byLength = new(Comparer<int>.Create((a, b) => b.CompareTo(a)));
        foreach (int token in tokens)
        {
            int length = _vocabulary.Tokens[token].Length;
            if (!byLength.TryGetValue(length, out List<int>? list)) byLength.Add(length, list = []);
            list.Add(token);
        }

        List<Group> groups = [];
        foreach ((int length, List<int> list) in byLength)
        {
            byte[] first = new byte[list.Count];
            ulong[] filter = new ulong[4];
            for (int i = 0; i < first.Length; i++)
            {
                ReadOnlySpan<byte> text = _vocabulary.Tokens[list[i]];
                first[i] = text[0];
                int bit = FilterBit(text);
                filter[bit >> 6] |= 1UL << bit;
            }

            groups.Add(new Group(length, SearchValues.Create(first), filter));
        }

        return [.. groups];
    }

    private static int FilterBit(ReadOnlySpan<byte> text) =>
        ((text[0] * 31) + (text[text.Length >> 1] * 7) + (text[^1] * 131)) & 0xFF;

    private static bool MayContain(ulong[] filter, ReadOnlySpan<byte> text)
    {
        int bit = FilterBit(text);
        return ((filter[bit >> 6] >> bit) & 1) != 0;
    }
}
