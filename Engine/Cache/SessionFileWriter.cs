using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace Engine.Cache;

/// <summary>Writes a saved session: a preamble (magic, version, length and checksum of the body), then the body in
/// pieces, little-endian.</summary>
/// <remarks>The stream must be able to seek: the preamble is written last.</remarks>
internal sealed class SessionFileWriter
{
    /// <summary>"ENGSESSN" in the order of bytes.</summary>
    public const ulong Magic = 0x4E53534553474E45;

    /// <summary>Of the layout of the body, where attention is exact.</summary>
    public const uint Version = 1;

    /// <summary>The same with what approximate attention has learnt.</summary>
    public const uint ApproximateVersion = 2;

    /// <summary>Magic 8, version 4, zero 4, body length 8, XXH128 of the body 16.</summary>
    public const int PreambleBytes = 40;

    private readonly Stream stream;
    private readonly XxHash128 hash = new();
    private readonly byte[] number = new byte[8];
    private readonly uint version;
    private ulong length;

    /// <summary>Begins at the start of the stream.</summary>
    public SessionFileWriter(Stream stream, uint version)
    {
        this.stream = stream;
        this.version = version;
        stream.Write(new byte[PreambleBytes]);
    }

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        hash.Append(bytes);
        stream.Write(bytes);
        length += (ulong)bytes.Length;
    }

    public void Int32(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(number, value);
        Bytes(number.AsSpan(0, sizeof(int)));
    }

    public void UInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(number, value);
        Bytes(number);
    }

    /// <summary>The length in bytes and UTF-8.</summary>
    public void Text(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        Int32(utf8.Length);
        Bytes(utf8);
    }

    /// <summary>Writes the preamble.</summary>
    public void Finish()
    {
        Span<byte> preamble = stackalloc byte[PreambleBytes];
        preamble.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(preamble, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(preamble[8..], version);
        BinaryPrimitives.WriteUInt64LittleEndian(preamble[16..], length);
        hash.GetCurrentHash(preamble[24..]);
        stream.Position = 0;
        stream.Write(preamble);
    }
}
