using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using Engine.Formats;
using Engine.Gguf;
using Engine.Memory;

namespace Engine.Tests.Gguf;

/// <summary>Damaged and hostile files: they open or end in <see cref="ModelFormatException"/>, nothing else.</summary>
[TestClass]
public sealed class GgufHostileTests
{
    private const long AllowedBytes = 64 << 20;

    [TestMethod]
    public void EveryTruncationIsRefusedOrOpens()
    {
        using var folder = new GgufFolder();
        byte[] bytes = File.ReadAllBytes(TestData.Path("conformance", "llama-tied.gguf"));
        int header = HeaderBytes(bytes);
        string path = folder.Write("cut.gguf", bytes);

        // Shortening in place makes all prefixes cheap; every length within header and directory, then a sample.
        for (int length = bytes.Length - 1; length >= 0; length -= length > header + 64 ? 977 : 1)
        {
            using (FileStream stream = File.OpenWrite(path)) stream.SetLength(length);
            Assert.IsFalse(Opens(path), $"the first {length} bytes must not pass for the whole");
        }
    }

    [TestMethod]
    [DataRow(1, 3000)]
    [DataRow(2, 3000)]
    public void MutationsAreRefusedOrOpen(int seed, int rounds)
    {
        using var folder = new GgufFolder();
        byte[] bytes = Small();
        var random = new Random(seed);
        int opened = 0;
        for (int round = 0; round < rounds; round++)
        {
            if (Opens(folder.Write("mutated.gguf", Mutate(random, bytes)))) opened++;
        }

        Assert.IsGreaterThan(rounds / 50, opened, "else the mutations are too coarse to reach far");
        Assert.IsLessThan(rounds, opened);
    }

    [TestMethod]
    public void EveryByteOfTheHeaderMayBeAnything()
    {
        using var folder = new GgufFolder();
        byte[] bytes = Small();
        int header = HeaderBytes(bytes);
        for (int i = 0; i < header; i++)
        {
            byte original = bytes[i];
            foreach (byte value in (byte[])[0, 1, 0x7F, 0x80, 0xFF, (byte)(original + 1)])
            {
                bytes[i] = value;
                Opens(folder.Write("byte.gguf", bytes));
            }

            bytes[i] = original;
        }
    }

    [TestMethod]
    [DataRow(0x47475546, 3, "magic")]
    [DataRow(0x46554747, 0, "version")]
    [DataRow(0x46554747, 1, "version 1")]
    [DataRow(0x46554747, 4, "found 4")]
    [DataRow(0x46554747, 0x03000000, "big-endian")]
    public void OtherVersionsAreRefused(int magic, int version, string reason)
    {
        var bytes = new byte[24];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, magic);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), version);
        AssertRefused(bytes, reason);
    }

    [TestMethod]
    public void OtherThingsAreRefused()
    {
        AssertRefused([], "an empty file");
        AssertRefused("GG"u8, "magic");
        AssertRefused("version https://git-lfs.github.com/spec/v1\n"u8, "Git LFS");
        AssertRefused("PK\u0003\u0004 and so on"u8, "zip");
        AssertRefused("tjgg and so on"u8, "before GGUF");
        AssertRefused("GGUF"u8, "version");
        using var folder = new GgufFolder();
        Assert.ThrowsExactly<FileNotFoundException>(() => GgufFile.Open(folder["absent.gguf"]));
        IOException exception = Assert.ThrowsExactly<IOException>(() => GgufFile.Open(Path.GetTempPath()));
        Assert.Contains("directory", exception.Message);
    }

    [TestMethod]
    [DataRow(ulong.MaxValue, 0ul, "tensor count")]
    [DataRow(0ul, ulong.MaxValue, "metadata count")]
    [DataRow(60000ul, 0ul, "tensor directory")]
    [DataRow(0ul, 60000ul, "metadata")]
    public void CountsBeyondTheFileAreRefused(ulong tensors, ulong values, string reason) =>
        AssertRefused(new Bytes().Header(tensors, values).Done(), reason);

    [TestMethod]
    [DataRow(120)]
    [DataRow(130)]
    public void TheLargestDirectoryStaysWithinBounds(int nameBytes)
    {
        // As many entries as are allowed; of the longer names only the first 16 MiB are.
        const int Count = 1 << 16;
        Bytes bytes = new Bytes().Header(Count, Count);
        for (int i = 0; i < Count; i++) bytes.Text($"{i}".PadLeft(nameBytes, 'k')).U32(0).U8(1);
        for (int i = 0; i < Count; i++)
            bytes.Text($"{i}".PadLeft(nameBytes, 't')).U32(1).U64(1).U32(24).U64((ulong)i * 32);
        using var folder = new GgufFolder();
        string path = folder.Write("large.gguf", bytes.Align().Zeros(Count * 32).Done());
        Assert.AreEqual(nameBytes * 2L * Count <= 16 << 20, Opens(path));
    }

    [TestMethod]
    public void BadMetadataIsRefused()
    {
        AssertRefused(Pair("k", 13, [1, 2, 3, 4]), "k", "found 13");
        AssertRefused(Pair("k", 7, [2]), "k", "booleans of 0 or 1", "found 2");
        AssertRefused(Pair("k", 8, new Bytes().U64(ulong.MaxValue).Done()), "k", "found only 0");
        AssertRefused(Pair("k", 9, new Bytes().U32(4).U64(ulong.MaxValue / 2).Done()), "k: expected at least");
        AssertRefused(Pair("k", 9, new Bytes().U32(8).U64(2).U64(1).U8('x').U64(7).Done()), "within string 1");
        AssertRefused(Pair("k", 9, new Bytes().U32(7).U64(3).U8(1).U8(0).U8(9).Done()), "found 9");
        var deep = new Bytes();
        for (int i = 0; i < 1000; i++) deep.U32(9).U64(1);
        AssertRefused(Pair("k", 9, deep.Done()), "levels");
        byte[] twice = new Bytes().Header(0, 2).Text("k").U32(0).U8(1).Text("k").U32(0).U8(1).Done();
        AssertRefused(twice, "k", "each key once");
        AssertRefused(new Bytes().Header(0, 1).U64(2).U8(0xC3).U8(0x28).U32(0).U8(0).Done(), "UTF-8");
        AssertRefused(new Bytes().Header(0, 1).U64(1UL << 40).U32(0).U8(0).Done(), "a name of at most");
    }

    [TestMethod]
    [DataRow(0u)]
    [DataRow(1u)]
    [DataRow(48u)]
    [DataRow(1u << 25)]
    [DataRow(uint.MaxValue)]
    public void SillyAlignmentsAreRefused(uint alignment)
    {
        byte[] bytes = Pair("general.alignment", 4, new Bytes().U32(alignment).Done());
        AssertRefused(bytes, "general.alignment", $"found {alignment}");
    }

    [TestMethod]
    public void AlignmentOfAnotherTypeIsRefused() =>
        AssertRefused(Pair("general.alignment", 6, new Bytes().U32(0x42000000).Done()), "general.alignment", "Float32");

    [TestMethod]
    public void BadTensorsAreRefused()
    {
        AssertRefused(Tensor(5, [1, 1, 1, 1, 1], 0, 0), "t", "at most 4 dimensions", "found 5");
        AssertRefused(Tensor(1, [0], 0, 0), "t", "dimension 0", "found 0");
        AssertRefused(Tensor(2, [1UL << 62, 4], 0, 0), "t", "dimension 1");
        AssertRefused(Tensor(2, [1UL << 60, 4], 0, 0), "t", "bytes of data");
        AssertRefused(Tensor(1, [8], 4, 0), "t", "type id 4");
        AssertRefused(Tensor(1, [8], 9999, 0), "t", "type id 9999");
        AssertRefused(Tensor(1, [8], (uint)WeightType.Q4_0, 0), "t", "multiple of 32", "[8]");
        AssertRefused(Tensor(1, [8], 0, 16), "t", "multiple of 32", "found 16");
        AssertRefused(Tensor(1, [8], 0, 64), "t", "offset 64");
        AssertRefused(Tensor(1, [8], 0, ulong.MaxValue - 31), "t", "bytes of data at offset");
        byte[] overlap = new Bytes().Header(2, 0).Text("a").U32(1).U64(16).U32(0).U64(0)
            .Text("b").U32(1).U64(8).U32(0).U64(32).Align().Zeros(128).Done();
        AssertRefused(overlap, "b", "data behind a");
        byte[] twice = new Bytes().Header(2, 0).Text("a").U32(1).U64(8).U32(0).U64(0)
            .Text("a").U32(1).U64(8).U32(0).U64(32).Align().Zeros(128).Done();
        AssertRefused(twice, "a", "each tensor once");
        string longName = new('n', 300);
        byte[] named = new Bytes().Header(1, 0).Text(longName).U32(1).U64(8).U32(0).U64(0).Zeros(99).Done();
        AssertRefused(named, "at most 256 bytes");
    }

    [TestMethod]
    public void ReadingAfterClosingIsRefused()
    {
        GgufFile file = GgufFile.Open(TestData.Path("conformance", "llama-tied.gguf"));
        Utf8StringTable tokens = file.Metadata.GetStrings("tokenizer.ggml.tokens");
        file.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => tokens[0].Length);
        Assert.ThrowsExactly<ObjectDisposedException>(() => file.Metadata.GetString("general.architecture"));
        file.Dispose();
    }

    /// <summary>Opens a file and reads all of it; false if it was refused as it should be.</summary>
    private static unsafe bool Opens(string path)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        long start = Stopwatch.GetTimestamp();
        bool opened = true;
        try
        {
            using GgufFile file = GgufFile.Open(path);
            foreach (string key in file.Metadata.Keys) file.Metadata.GetValue(key);
            foreach (GgufTensor tensor in file.Tensors) Touch(tensor.Data, tensor.Bytes);
        }
        catch (ModelFormatException)
        {
            opened = false;
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.IsLessThan(AllowedBytes + new FileInfo(path).Length, allocated);
        Assert.IsLessThan(5, Stopwatch.GetElapsedTime(start).TotalSeconds);
        return opened;
    }

    private static unsafe void Touch(byte* data, long bytes)
    {
        for (long i = 0; i < bytes; i += 4096) _ = Volatile.Read(ref data[i]);
        _ = Volatile.Read(ref data[bytes - 1]);
    }

    private static unsafe int HeaderBytes(byte[] bytes)
    {
        using var folder = new GgufFolder();
        using GgufFile file = GgufFile.Open(folder.Write("whole.gguf", bytes));
        long dataBytes = file.Tensors.Sum(tensor => (tensor.Bytes + 31) & ~31L);
        return (int)(bytes.Length - dataBytes);
    }

    private static byte[] Small()
    {
        var writer = new GgufWriter();
        writer.Add("general.architecture", "llama");
        writer.Add("llama.block_count", 2u);
        writer.Add("tokens", new[] { "a", "bc", "", "def" });
        writer.Add("scores", new[] { 1f, 2f });
        writer.Add("flags", new[] { true, false });
        writer.Add("nested", new object[] { new[] { 1L }, new[] { "x" } });
        writer.Add("split.count", (ushort)1);
        writer.AddTensor("first", WeightType.F32, [4, 3], new byte[48]);
        writer.AddTensor("second", WeightType.Q8_1, [64, 2], new byte[144]);
        writer.AddTensor("third", WeightType.I32, [5], new byte[20]);
        using var stream = new MemoryStream();
        writer.Write(stream);
        return stream.ToArray();
    }

    /// <summary>One to four faults: a byte, a bit, a wide number of an interesting size, a hole, or an insertion.
    /// </summary>
    private static byte[] Mutate(Random random, byte[] original)
    {
        var bytes = new List<byte>(original);
        for (int faults = random.Next(1, 5); faults > 0; faults--)
        {
            int at = random.Next(bytes.Count - 8);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    long wide = random.Next(2) == 0 ? 1L << random.Next(64) : -(1L << random.Next(64));
                    for (int i = 0; i < 8; i++) bytes[at + i] = (byte)(wide >> (8 * i));
                    break;
                case 3:
                    bytes.RemoveRange(at, random.Next(1, 8));
                    break;
                default:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
            }
        }

        return [.. bytes];
    }

    private static byte[] Pair(string key, uint type, byte[] value) =>
        new Bytes().Header(0, 1).Text(key).U32(type).Raw(value).Done();

    private static byte[] Tensor(uint rank, ulong[] dimensions, uint type, ulong offset)
    {
        Bytes bytes = new Bytes().Header(1, 0).Text("t").U32(rank);
        foreach (ulong size in dimensions) bytes.U64(size);
        return bytes.U32(type).U64(offset).Align().Zeros(64).Done();
    }

    private static void AssertRefused(ReadOnlySpan<byte> bytes, params string[] reasons)
    {
        using var folder = new GgufFolder();
        string path = folder.Write("bad.gguf", bytes);
        ModelFormatException exception = Assert.ThrowsExactly<ModelFormatException>(() => GgufFile.Open(path));
        Assert.Contains("bad.gguf: ", exception.Message);
        foreach (string reason in reasons) Assert.Contains(reason, exception.Message);
    }

    /// <summary>Writes files that <see cref="GgufWriter"/> would refuse to.</summary>
    private sealed class Bytes
    {
        private readonly MemoryStream _stream = new();

        public Bytes Header(ulong tensors, ulong values) => Raw("GGUF"u8).U32(3).U64(tensors).U64(values);

        public Bytes Text(string text) => U64((ulong)text.Length).Raw(Encoding.UTF8.GetBytes(text));

        public Bytes U8(int value) => Raw([(byte)value]);

        public Bytes U32(uint value) => Raw(BitConverter.GetBytes(value));

        public Bytes U64(ulong value) => Raw(BitConverter.GetBytes(value));

        public Bytes Zeros(int count) => Raw(new byte[count]);

        public Bytes Align() => Zeros((int)(-_stream.Length & 31));

        public byte[] Done() => _stream.ToArray();

        public Bytes Raw(ReadOnlySpan<byte> bytes)
        {
            _stream.Write(bytes);
            return this;
        }
    }
}
