using System.Numerics;
using System.Text;
using Engine.Memory;

namespace Engine.Text;

/// <summary>The merges of a byte-pair vocabulary by the ids of their sides.</summary>
/// <remarks>Spellings that merges mention but the vocabulary lacks get ids of their own from the vocabulary's size on:
/// they may still merge into a token. Published files have few or none.</remarks>
internal sealed class MergeTable
{
    private readonly Vocabulary _vocabulary;
    private readonly ulong[] _pairs;
    private readonly int[] _ranks;
    private readonly int[] _results;
    private readonly int _mask;
    private Dictionary<string, int>? _extra;

    /// <summary>Resolves all merges to ids.</summary>
    /// <exception cref="ModelFormatException">A merge does not have two sides.</exception>
    public MergeTable(Vocabulary vocabulary)
    {
        _vocabulary = vocabulary;
        Utf8StringTable merges = vocabulary.Definition.Merges;
        int capacity = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16L, Math.Min(merges.Count * 2L, 1 << 30)));
        _pairs = new ulong[capacity];
        _ranks = new int[capacity];
        _results = new int[merges.Count];
        _mask = capacity - 1;
        byte[] joined = [];
        int guess = 0;
        for (int rank = 0; rank < merges.Count; rank++)
        {
            ReadOnlySpan<byte> merge = merges[rank];
            int space = merge.Length > 1 ? merge[1..].IndexOf((byte)' ') + 1 : 0;
            if (space <= 0 || space == merge.Length - 1)
            {
                throw new ModelFormatException(
                    $"tokenizer.ggml.merges[{rank}]: expected two parts, found '{Encoding.UTF8.GetString(merge)}'");
            }

            ReadOnlySpan<byte> left = merge[..space], right = merge[(space + 1)..];
            if (joined.Length < merge.Length) joined = new byte[merge.Length * 2];
            left.CopyTo(joined);
            right.CopyTo(joined.AsSpan(space));
            guess = FindResult(joined.AsSpan(0, merge.Length - 1), guess);
            _results[rank] = guess;
            Add(FindOrAdd(left), FindOrAdd(right), rank);
        }
    }

    /// <summary>The rank of merging two ids, or −1.</summary>
    public int FindRank(int left, int right)
    {
        if ((left | right) < 0) return -1;
        ulong pair = Pair(left, right);
        for (int index = Home(pair); ; index = (index + 1) & _mask)
        {
            ulong found = _pairs[index];
            if (found == pair) return _ranks[index];
            if (found == 0) return -1;
        }
    }

    /// <summary>What the merge of a rank gives.</summary>
    public int Result(int rank) => _results[rank];

    /// <summary>The id of a spelling among tokens and merge parts, or −1.</summary>
    public int Find(ReadOnlySpan<byte> text)
    {
        int id = _vocabulary.Table.Find(text);
        if (id >= 0 || _extra is null) return id;
        return _extra.TryGetValue(Key(text), out int extra) ? extra : -1;
    }

    /// <summary>Never 0, which marks an empty slot.</summary>
    private static ulong Pair(int left, int right) => (((ulong)(uint)left << 32) | (uint)right) + 1;

    private int Home(ulong pair) => (int)((pair * 0x9E37_79B9_7F4A_7C15) >> 33) & _mask;

    private void Add(int left, int right, int rank)
    {
        ulong pair = Pair(left, right);
        int index = Home(pair);
        while (_pairs[index] != 0)
        {
            // The first of two equal merges counts.
            if (_pairs[index] == pair) return;
            index = (index + 1) & _mask;
        }

        _pairs[index] = pair;
        _ranks[index] = rank;
    }

    /// <summary>Finds the result; trainers number tokens in the order of merges, so the next id is tried
    /// first.</summary>
    private int FindResult(ReadOnlySpan<byte> text, int previous)
    {
        int guess = previous + 1;
        bool hit = guess < _vocabulary.Count && _vocabulary.Tokens[guess].SequenceEqual(text);
        return hit ? guess : FindOrAdd(text);
    }

    private int FindOrAdd(ReadOnlySpan<byte> text)
    {
        int id = _vocabulary.Table.Find(text);
        if (id >= 0) return id;
        _extra ??= [];
        string key = Key(text);
        if (!_extra.TryGetValue(key, out id)) _extra.Add(key, id = _vocabulary.Count + _extra.Count);
        return id;
    }

    private static string Key(ReadOnlySpan<byte> text) => Encoding.Latin1.GetString(text);
}
