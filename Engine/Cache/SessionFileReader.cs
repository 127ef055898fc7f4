using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace Engine.Cache;

/// <summary>Reads a saved session: checks preamble, length and checksum before anything of the body is believed.
/// </summary>
internal sealed class SessionFileReader : IDisposable
{
    private readonly FileStream stream;
    private readonly byte[] buffer = new byte[1 << 16];

    private SessionFileReader(FileStream stream) => this.stream = stream;

    /// <summary>Of the layout of the body.</summary>
    public uint Version { get; private set; }

    /// <summary>Bytes of the body that are still to read.</summary>
    public long Remaining => stream.Length - stream.Position;

    /// <summary>Opens a file and checks it.</summary>
    /// <exception cref="InvalidDataException">It is no saved session, of another version, or damaged.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static SessionFileReader Open(string path)
    {
        var reader = new SessionFileReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read));
        try
        {
            reader.CheckPreamble();
            return reader;
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>The error for a part of the file that is not as it must be.</summary>
    public InvalidDataException Error(string what, string expected, string found) =>
        new($"{Path.GetFileName(stream.Name)}: {what}: expected {expected}, found {found}");

    public void Bytes(Span<byte> bytes)
    {
        if (bytes.Length > Remaining) throw Error("end of the file", $"{bytes.Length} more bytes", $"{Remaining}");
        stream.ReadExactly(bytes);
    }

    /// <summary>Reads on behind <paramref name="count"/> bytes.</summary>
    public void Skip(long count)
    {
        if (count > Remaining) throw Error("end of the file", $"{count} more bytes", $"{Remaining}");
        stream.Position += count;
    }

    /// <summary>A number within [least, most].</summary>
    public int Int32(string what, int least, int most)
    {
        Bytes(buffer.AsSpan(0, sizeof(int)));
        int value = BinaryPrimitives.ReadInt32LittleEndian(buffer);
        return value >= least && value <= most ? value : throw Error(what, $"{least} … {most}", $"{value}");
    }

    /// <summary>A number that must be this one.</summary>
    public void Expect(string what, int expected)
    {
        int found = Int32(what, int.MinValue, int.MaxValue);
        if (found != expected) throw Error(what, $"{expected}", $"{found}");
    }

    public ulong UInt64()
    {
        Bytes(buffer.AsSpan(0, sizeof(ulong)));
        return BinaryPrimitives.ReadUInt64LittleEndian(buffer);
    }

    /// <summary>A text, no longer than the file.</summary>
    public string Text(string what)
    {
        // Its bytes are in the file, so a short file cannot ask for much memory.
        int length = Int32(what, 0, (int)Math.Min(int.MaxValue, Math.Max(0, Remaining - sizeof(int))));
        var utf8 = new byte[length];
        Bytes(utf8);
        return Encoding.UTF8.GetString(utf8);
    }

    public void Dispose() => stream.Dispose();

    private void CheckPreamble()
    {
        Span<byte> preamble = stackalloc byte[SessionFileWriter.PreambleBytes];
        if (stream.Length < preamble.Length)
            throw Error("length", $"at least the {preamble.Length} bytes of a saved session's preamble",
                $"{stream.Length}");
        stream.ReadExactly(preamble);
        ulong magic = BinaryPrimitives.ReadUInt64LittleEndian(preamble);
        if (magic != SessionFileWriter.Magic)
            throw Error("magic", $"{SessionFileWriter.Magic:X16}, a saved session", $"{magic:X16}");
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(preamble[8..]);
        const uint Oldest = SessionFileWriter.Version, Newest = SessionFileWriter.ApproximateVersion;
        if (version is < Oldest or > Newest)
            throw Error("version", $"{Oldest} … {Newest}",
                version > Newest ? $"{version}, saved by a newer engine" : $"{version}");
        Version = version;
        uint zero = BinaryPrimitives.ReadUInt32LittleEndian(preamble[12..]);
        if (zero != 0) throw Error("preamble", "0 behind the version", $"{zero}");
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(preamble[16..]);
        if (length != (ulong)Remaining)
            throw Error("length", $"{length} bytes behind the preamble",
                $"{Remaining}: the file is cut off or damaged");
        CheckSum(preamble[24..]);
    }

    private void CheckSum(ReadOnlySpan<byte> expected)
    {
        var hash = new XxHash128();
        for (int count; (count = stream.Read(buffer)) > 0;) hash.Append(buffer.AsSpan(0, count));
        Span<byte> found = stackalloc byte[16];
        hash.GetCurrentHash(found);
        if (!found.SequenceEqual(expected))
            throw Error("checksum", Convert.ToHexString(expected),
                $"{Convert.ToHexString(found)}: the file is damaged");
        stream.Position = SessionFileWriter.PreambleBytes;
    }
}
