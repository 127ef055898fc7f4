using System.Text;
using Engine.Sampling;

namespace Engine.Tests.Sampling;

[TestClass]
public sealed class StopMatcherTests
{
    [TestMethod]
    [DataRow("hello world", "", "hello world", null)]
    [DataRow("hello STOP world", "STOP", "hello ", "STOP")]
    [DataRow("STOP", "STOP", "", "STOP")]
    [DataRow("STO", "STOP", "STO", null)]
    [DataRow("aaab", "aab", "a", "aab")]
    [DataRow("ababac", "abac", "ab", "abac")]
    [DataRow("one two three", "three|two", "one ", "two")]
    [DataRow("abcd", "abcd|bc", "a", "bc")]
    [DataRow("abcd", "cd|bcd", "a", "bcd")]
    [DataRow("ça va été", "é|z", "ça va ", "é")]
    [DataRow("𝄞 漢字。end", "。", "𝄞 漢字", "。")]
    [DataRow("\n\n\nUser: x", "\n\nUser:", "\n", "\n\nUser:")]
    public void EveryCutOfTheStreamGivesTheSameText(string text, string stops, string expected, string? stop)
    {
        var matcher = new StopMatcher(stops.Split('|', StringSplitOptions.RemoveEmptyEntries));
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        for (int pieceLength = 1; pieceLength <= bytes.Length; pieceLength++)
        {
            matcher.Reset();
            var output = new List<byte>();
            for (int start = 0; start < bytes.Length; start += pieceLength)
                output.AddRange(matcher.Append(bytes.AsSpan(start, Math.Min(pieceLength, bytes.Length - start))));
            output.AddRange(matcher.Flush());
            Assert.AreEqual(expected, Encoding.UTF8.GetString([.. output]), $"pieces of {pieceLength}");
            Assert.AreEqual(stop, matcher.StopString);
            Assert.AreEqual(stop is not null, matcher.IsStopped);
        }
    }

    [TestMethod]
    public void OnlyWhatCouldBecomeAStopIsHeldBack()
    {
        var matcher = new StopMatcher(["<end>", "enough"]);
        Assert.AreEqual("a ", Next(matcher, "a <e"));
        Assert.AreEqual("", Next(matcher, "n"));
        Assert.AreEqual("<", Next(matcher, "o"), "<eno cannot become <end>, eno can become enough");
        Assert.AreEqual("eno", Next(matcher, "<"));
        Assert.AreEqual("<", Encoding.UTF8.GetString(matcher.Flush()));
        Assert.IsFalse(matcher.IsStopped);
    }

    [TestMethod]
    public void RandomStreamsAgreeWithASearch()
    {
        var random = new Random(7);
        for (int round = 0; round < 2000; round++)
        {
            string[] stops = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Letters(random, 1, 5))];
            string text = Letters(random, 0, 30);
            var matcher = new StopMatcher(stops);
            var output = new StringBuilder();
            for (int start = 0; start < text.Length;)
            {
                int length = Math.Min(random.Next(1, 6), text.Length - start);
                output.Append(Encoding.UTF8.GetString(matcher.Append(Encoding.UTF8.GetBytes(text, start, length))));
                start += length;
            }

            output.Append(Encoding.UTF8.GetString(matcher.Flush()));
            Assert.AreEqual(Reference(text, stops), output.ToString(), $"{text} by {string.Join(' ', stops)}");
        }
    }

    [TestMethod]
    public void NothingIsAllocated()
    {
        var matcher = new StopMatcher(["User:", "<|im_end|>", "\n\n\n"]);
        byte[] piece = "some text\n\n<|im_\nUse"u8.ToArray();
        matcher.Append(piece);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++) matcher.Append(piece);
        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [TestMethod]
    public void APieceOfAnyLengthPasses()
    {
        var matcher = new StopMatcher(["zz"]);
        var piece = new byte[10_000];
        piece.AsSpan().Fill((byte)'a');
        Assert.AreEqual(piece.Length, matcher.Append(piece).Length);
        Assert.AreEqual(piece.Length, matcher.Append(piece).Length);
    }

    [TestMethod]
    public void EmptyStopsAreRefused() =>
        Assert.ThrowsExactly<ArgumentException>(() => new StopMatcher(["a", ""]));

    private static string Next(StopMatcher matcher, string text) =>
        Encoding.UTF8.GetString(matcher.Append(Encoding.UTF8.GetBytes(text)));

    private static string Letters(Random random, int least, int most)
    {
        var letters = new char[random.Next(least, most + 1)];
        for (int i = 0; i < letters.Length; i++) letters[i] = (char)('a' + random.Next(2));
        return new string(letters);
    }

    /// <summary>The text up to the stop string that ends first, the longest of those that end there.</summary>
    private static string Reference(string text, string[] stops)
    {
        for (int end = 1; end <= text.Length; end++)
        {
            string? stop = stops.Where(text[..end].EndsWith).OrderByDescending(stop => stop.Length).FirstOrDefault();
            if (stop is not null) return text[..(end - stop.Length)];
        }

        return text;
    }
}
