using System.Text;
using Engine.Text;

namespace Engine.Tests.Text;

[TestClass]
public sealed class Utf8StreamDecoderTests
{
    [TestMethod]
    public void WholeCharactersOnlyWhereverTheTextIsCut()
    {
        byte[] text = Encoding.UTF8.GetBytes("a é 日本 🙂 𐐀z");
        for (int seed = 0; seed < 200; seed++)
        {
            Random random = new(seed);
            Utf8StreamDecoder decoder = new();
            StringBuilder result = new();
            char[] buffer = new char[Utf8StreamDecoder.GetMaxCharCount(text.Length)];
            for (int start = 0; start < text.Length;)
            {
                int length = Math.Min(random.Next(0, 4), text.Length - start);
                string part = new(buffer, 0, decoder.Decode(text.AsSpan(start, length), buffer));
                Assert.DoesNotContain('\uFFFD', part);
                Assert.IsFalse(part.Length > 0 && char.IsHighSurrogate(part[^1]), "half a character");
                result.Append(part);
                start += length;
            }

            Assert.AreEqual(0, decoder.Flush(buffer));
            Assert.AreEqual("a é 日本 🙂 𐐀z", result.ToString());
        }
    }

    [TestMethod]
    public void MalformedBytesBecomeReplacementsAndTheEndIsFlushed()
    {
        Utf8StreamDecoder decoder = new();
        char[] buffer = new char[16];
        Assert.AreEqual("a", Decode([(byte)'a', 0xE2]));
        Assert.AreEqual("", Decode([0x82]));
        Assert.AreEqual("\uFFFDb", Decode([(byte)'b']));
        Assert.AreEqual("\uFFFD", Decode([0xFF]));
        Assert.AreEqual("", Decode([0xF0, 0x9F]));
        Assert.AreEqual(1, decoder.Flush(buffer));
        Assert.AreEqual('\uFFFD', buffer[0]);
        Assert.AreEqual("x", Decode("x"u8));

        string Decode(ReadOnlySpan<byte> bytes) => new(buffer, 0, decoder.Decode(bytes, buffer));
    }

    [TestMethod]
    public void DecodingAllocatesNothing()
    {
        Utf8StreamDecoder decoder = new();
        char[] buffer = new char[16];
        byte[] half = [0xE6, 0x97], rest = [0xA5, (byte)'!'];
        decoder.Decode(half, buffer);
        decoder.Decode(rest, buffer);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            decoder.Decode(half, buffer);
            decoder.Decode(rest, buffer);
        }

        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
