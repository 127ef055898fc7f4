namespace Engine.Cache;

/// <summary>One ring in a saved session: its shape, what it holds, and the rows in the order of their positions.
/// </summary>
internal static unsafe class SavedRing
{
    // Rows are copied in pieces, under the caller's lock, so that steps of other sessions need not wait for a disk.
    public const int PieceBytes = 1 << 20;

    /// <summary>Writes a ring.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="ring">The ring.</param>
    /// <param name="guard">Runs a copy while the ring cannot be disposed.</param>
    public static void Write(SessionFileWriter writer, KvRing ring, Action<Action> guard)
    {
        CacheShape shape = ring.Shape;
        foreach (int number in (int[])
            [
                shape.Owner, shape.KvHeads, shape.KeyDimension, shape.ValueDimension, shape.Window,
                (int)ring.KeyRowBytes, (int)ring.ValueRowBytes, ring.Capacity, ring.Turn, ring.Kept, ring.First,
                ring.Highest,
            ])
            writer.Int32(number);
        var piece = new byte[PieceBytes];
        for (int head = 0; head < shape.KvHeads; head++)
        {
            foreach ((int slot, int count) in ring.Runs())
                WriteRows(writer, ring.Keys(head) + slot * ring.KeyRowBytes, count * ring.KeyRowBytes, piece, guard);
            foreach ((int slot, int count) in ring.Runs())
                WriteRows(writer, ring.Values(head) + slot * ring.ValueRowBytes, count * ring.ValueRowBytes, piece,
                    guard);
        }
    }

    /// <summary>Fills an empty ring of the same shape; its capacity may differ, as far as it holds what is needed.
    /// </summary>
    /// <param name="reader">Where from.</param>
    /// <param name="ring">An empty ring.</param>
    /// <param name="length">Tokens of the sequence.</param>
    /// <param name="gap">Positions that were given up behind the sinks.</param>
    /// <exception cref="InvalidDataException">The file does not fit.</exception>
    public static void Read(SessionFileReader reader, KvRing ring, int length, int gap)
    {
        CacheShape shape = ring.Shape;
        string name = $"cache of layer {shape.Owner}";
        reader.Expect($"{name}: owner", shape.Owner);
        reader.Expect($"{name}: KV heads", shape.KvHeads);
        reader.Expect($"{name}: key dimension", shape.KeyDimension);
        reader.Expect($"{name}: value dimension", shape.ValueDimension);
        reader.Expect($"{name}: window", shape.Window);
        reader.Expect($"{name}: bytes of a key row", (int)ring.KeyRowBytes);
        reader.Expect($"{name}: bytes of a value row", (int)ring.ValueRowBytes);
        int capacity = reader.Int32($"{name}: capacity", ring.Sinks + 1, int.MaxValue);
        int turn = reader.Int32($"{name}: turn", 0, capacity - ring.Sinks - 1);
        reader.Expect($"{name}: first position behind the sinks", ring.Sinks + gap);
        // A full cache holds everything; a window's must hold what the next token sees.
        int kept = ring.Sinks + gap, next = length + gap;
        int most = shape.Window > 0 ? Math.Max(kept, next - shape.Window + 1) : kept;
        int first = reader.Int32($"{name}: first position held", kept, most);
        reader.Expect($"{name}: last position", next - 1);
        int held = Math.Max(first, next - (ring.Capacity - ring.Sinks));
        if (held > most)
            throw reader.Error(name, $"room for the positions from {most} on", $"{ring.Capacity} slots");
        ring.Restore(capacity == ring.Capacity ? turn : 0, kept, held, next - 1);
        for (int head = 0; head < shape.KvHeads; head++)
        {
            ReadRows(reader, ring, ring.Keys(head), ring.KeyRowBytes, held - first);
            ReadRows(reader, ring, ring.Values(head), ring.ValueRowBytes, held - first);
        }
    }

    /// <summary>Writes memory, piece by piece under the guard.</summary>
    public static void WriteRows(SessionFileWriter writer, byte* rows, long bytes, byte[] piece, Action<Action> guard)
    {
        for (long done = 0; done < bytes; done += piece.Length)
        {
            int count = (int)Math.Min(piece.Length, bytes - done);
            byte* from = rows + done;
            guard(() => new ReadOnlySpan<byte>(from, count).CopyTo(piece));
            writer.Bytes(piece.AsSpan(0, count));
        }
    }

    private static void ReadRows(SessionFileReader reader, KvRing ring, byte* rows, nint rowBytes, int skipped)
    {
        bool sinks = ring.Sinks > 0;
        if (!sinks) reader.Skip(skipped * (long)rowBytes);
        foreach ((int slot, int count) in ring.Runs())
        {
            byte* to = rows + slot * rowBytes;
            long bytes = count * (long)rowBytes;
            for (long done = 0; done < bytes; done += PieceBytes)
                reader.Bytes(new Span<byte>(to + done, (int)Math.Min(PieceBytes, bytes - done)));
            if (sinks) reader.Skip(skipped * (long)rowBytes);
            sinks = false;
        }
    }
}
