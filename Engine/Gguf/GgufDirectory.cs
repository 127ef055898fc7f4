using Engine.Formats;
using Engine.Memory;

namespace Engine.Gguf;

/// <summary>Collects the tensors of one file and checks where their data lie.</summary>
internal sealed unsafe class GgufDirectory(MappedFile file, GgufCursor cursor, int count)
{
    private readonly List<Entry> _entries = new(count);

    public void Add(string name, WeightType type, long[] dimensions, ulong offset, long bytes,
        bool isPacked) => _entries.Add(new Entry(name, type, dimensions, offset, bytes, isPacked));

    /// <summary>Makes the tensors; the cursor stands behind the directory.</summary>
    /// <param name="alignment">Power of two that the data section and every offset in it are multiples of.</param>
    public GgufTensor[] Place(uint alignment)
    {
        if (_entries.Count == 0) return [];
        long start = checked(cursor.Position + alignment - 1) & -(long)alignment;
        long available = file.Length - start;
        var tensors = new GgufTensor[_entries.Count];
        for (int i = 0; i < tensors.Length; i++)
        {
            Entry entry = _entries[i];
            if (entry.Offset % alignment != 0)
                throw cursor.Error(entry.Name, $"an offset that is a multiple of {alignment}", $"{entry.Offset}");
            if (available < entry.Bytes || entry.Offset > (ulong)(available - entry.Bytes))
            {
                throw cursor.Error(
                    entry.Name, $"{entry.Bytes} bytes of data at offset {entry.Offset}",
                    $"{Math.Max(available, 0)} bytes in all: the file is damaged or was not fully downloaded");
            }

            byte* data = file.Pointer + start + (long)entry.Offset;
            tensors[i] = new GgufTensor(entry.Name, entry.Type, entry.Dimensions, data, entry.Bytes, entry.IsPacked);
        }

        CheckOverlap();
        return tensors;
    }

    private void CheckOverlap()
    {
        // Writers store data in directory order, so the sort finds it sorted.
        _entries.Sort(static (a, b) => a.Offset.CompareTo(b.Offset));
        for (int i = 1; i < _entries.Count; i++)
        {
            Entry before = _entries[i - 1];
            Entry entry = _entries[i];
            ulong end = before.Offset + (ulong)before.Bytes;
            if (entry.Offset < end)
                throw cursor.Error(entry.Name, $"data behind {before.Name}, which ends at {end}", $"{entry.Offset}");
        }
    }

    private readonly record struct Entry(string Name, WeightType Type, long[] Dimensions, ulong Offset, long Bytes,
        bool IsPacked);
}
