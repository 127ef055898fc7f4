using System.Buffers.Binary;
using System.IO.Hashing;
using Engine.Cache;
using Engine.Sampling;
using Engine.Tests.Cli;
using Engine.Tests.Transformer;

namespace Engine.Tests;

/// <summary>Saved sessions: they go on to the last bit, and nothing else is taken for one.</summary>
[TestClass]
public sealed class SavedSessionTests
{
    private const int Preamble = SessionFileWriter.PreambleBytes;

    private static readonly GenerationOptions Greedy = new()
    {
        Sampling = SamplingOptions.Greedy, MaxTokens = 30, IgnoreEndOfGeneration = true,
    };

    public static IEnumerable<object[]> Kinds =>
        from name in (string[])["llama-tied", "gemma3", "cla2-swa", "gpt2", "phi3-longrope"]
        from type in Enum.GetValues<CacheType>()
        from slides in (bool[])[false, true]
        where !(slides && name == "gpt2")
        select new object[] { name, type, slides };

    [TestMethod]
    [DynamicData(nameof(Kinds))]
    public void A_loaded_session_goes_on_to_the_last_bit(string name, CacheType type, bool slides)
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "a.session");
        SessionOptions options = Options(slides, type);
        using LanguageModel model = Open(name), other = Open(name);
        using Session session = model.CreateSession(options);
        session.Prefill([.. Enumerable.Range(0, slides ? 150 : 60).Select(i => i * 11 % 200)]);
        session.Note = "ein \u00e4\u6587 note";
        session.Save(path);
        using Session loaded = other.LoadSession(path);
        Assert.AreEqual(session.Note, loaded.Note);
        Assert.AreEqual(session.ContextLength, loaded.ContextLength);
        Assert.AreEqual(session.DroppedTokens, loaded.DroppedTokens);
        Assert.AreEqual(slides, loaded.DroppedTokens > 0);
        CollectionAssert.AreEqual(session.Tokens.ToArray(), loaded.Tokens.ToArray());
        // From the saved logits, over a few slides, and then the logits themselves.
        CollectionAssert.AreEqual(session.Generate([], Greedy).Tokens.ToArray(),
            loaded.Generate([], Greedy).Tokens.ToArray());
        CollectionAssert.AreEqual(session.Prefill([1, 2, 3]).ToArray(), loaded.Prefill([1, 2, 3]).ToArray());
        // With a token that was chosen and not evaluated, and no note.
        session.Generate([5], Greedy with { MaxTokens = 2 });
        session.Note = null;
        session.Save(path);
        using Session again = other.LoadSession(path);
        Assert.IsNull(again.Note);
        CollectionAssert.AreEqual(session.Generate([], Greedy).Tokens.ToArray(),
            again.Generate([], Greedy).Tokens.ToArray());
    }

    [TestMethod]
    public void Only_slots_in_use_are_written()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "a.session");
        using LanguageModel model = Open("llama-tied");
        using Session session = model.CreateSession(new SessionOptions { ContextLength = 512 });
        session.Save(path);
        long empty = new FileInfo(path).Length;
        Assert.IsLessThan(1000, empty);
        session.Prefill([.. Enumerable.Range(0, 40)]);
        session.Save(path);
        // Rows are padded to 32 elements: keys and values of 3 layers and 2 heads, ids, and the logits.
        long rows = 40 * 3 * 2 * 2 * 32 * sizeof(ushort);
        Assert.AreEqual(empty + rows + 40 * sizeof(int) + model.VocabularySize * sizeof(float),
            new FileInfo(path).Length);
        using Session loaded = model.LoadSession(path, new SessionOptions { ContextLength = 40 });
        Assert.AreEqual(40, loaded.ContextLength);
        Assert.ThrowsExactly<InvalidOperationException>(
            () => model.LoadSession(path, new SessionOptions { ContextLength = 39 }));
    }

    [TestMethod]
    [DataRow("mistral-swa", 64, 4)]
    [DataRow("mistral-swa", 4, 64)]
    [DataRow("gemma3", 32, 8)]
    public void Rings_of_another_size_take_what_they_need(string name, int batch, int otherBatch)
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "a.session");
        foreach (bool slides in (bool[])[false, true])
        {
            using LanguageModel model = Open(name, batch), other = Open(name, otherBatch);
            using Session session = model.CreateSession(Options(slides, CacheType.F32));
            session.Prefill([.. Enumerable.Range(0, slides ? 150 : 60)]);
            session.Save(path);
            using Session loaded = other.LoadSession(path, new SessionOptions
            {
                ContextLength = slides ? 0 : 90,
            });
            for (int i = 0; i < 20; i++)
            {
                float[] expected = session.Prefill([i]).ToArray(), found = loaded.Prefill([i]).ToArray();
                for (int k = 0; k < expected.Length; k++) Assert.AreEqual(expected[k], found[k], 1e-4f);
            }
        }
    }

    [TestMethod]
    public void A_damaged_or_cut_file_is_refused()
    {
        using var folder = new TemporaryFolder();
        using LanguageModel model = Open("llama-tied");
        byte[] bytes = Saved(model, folder, out string path);
        for (int at = 0; at < bytes.Length; at += at < 400 ? 1 : 97)
        {
            byte[] damaged = [.. bytes];
            damaged[at] ^= 0x40;
            Refused(model, path, damaged);
        }

        foreach (int length in (int[])[0, 1, 7, 8, 39, 40, 41, 100, bytes.Length / 2, bytes.Length - 1])
            Refused(model, path, bytes[..length]);
        Refused(model, path, [.. bytes, 0]);
        Refused(model, path, new byte[1000]);
        File.WriteAllBytes(path, bytes);
        model.LoadSession(path).Dispose();
    }

    [TestMethod]
    public void The_reason_says_what_was_expected_and_found()
    {
        using var folder = new TemporaryFolder();
        using LanguageModel model = Open("llama-tied"), foreign = Open("qwen3"), near = Open("llama-gqa");
        byte[] bytes = Saved(model, folder, out string path);
        StringAssert.Contains(Refused(foreign, path, bytes), "expected qwen3, found llama");
        StringAssert.Contains(Refused(near, path, bytes), "expected");
        StringAssert.Contains(Refused(model, path, bytes[..^5]), "cut off");
        StringAssert.Contains(Refused(model, path, "GGUF"u8.ToArray().Concat(bytes[4..]).ToArray()), "magic");
        byte[] newer = [.. bytes];
        newer[8] = 3;
        StringAssert.Contains(Refused(model, path, newer), "version: expected 1 … 2, found 3, saved by a newer engine");
        Assert.ThrowsExactly<FileNotFoundException>(() => model.LoadSession(path + ".none"));
    }

    [TestMethod]
    public void Wrong_numbers_under_a_right_checksum_neither_crash_nor_reserve_much()
    {
        using var folder = new TemporaryFolder();
        foreach ((string name, bool approximate) in ((string, bool)[])
            [("llama-tied", false), ("mistral-swa", false), ("llama-tied", true)])
        {
            using LanguageModel model = Open(name);
            byte[] bytes = Saved(model, folder, out string path, approximate);
            long before = GC.GetTotalAllocatedBytes();
            int tried = 0;
            for (int at = Preamble; at + 4 <= bytes.Length; at += at < 500 ? 1 : 509)
            {
                foreach (int value in (int[])[-1, int.MinValue, int.MaxValue, 0, 1 << 20, 65])
                {
                    byte[] changed = [.. bytes];
                    BinaryPrimitives.WriteInt32LittleEndian(changed.AsSpan(at), value);
                    XxHash128.Hash(changed.AsSpan(Preamble), changed.AsSpan(24, 16));
                    File.WriteAllBytes(path, changed);
                    tried++;
                    try
                    {
                        using Session session = model.LoadSession(path);
                        session.Prefill([1, 2, 3]);
                        session.Generate([], Greedy with { MaxTokens = 3 });
                    }
                    catch (Exception error) when (error is InvalidDataException or InvalidOperationException)
                    {
                    }
                }
            }

            long each = (GC.GetTotalAllocatedBytes() - before) / tried - bytes.Length;
            Assert.IsLessThan(4 << 20, each);
        }
    }

    [TestMethod]
    public void A_file_that_cannot_be_written_leaves_nothing_behind()
    {
        using var folder = new TemporaryFolder();
        using LanguageModel model = Open("llama-tied");
        Session session = model.CreateSession(Options(false, CacheType.F16));
        session.Prefill([1, 2]);
        // A folder of that name cannot be replaced.
        string taken = Path.Combine(folder.Path, "taken");
        Directory.CreateDirectory(taken);
        bool threw = false;
        try
        {
            session.Save(taken);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            threw = true;
        }

        Assert.IsTrue(threw);
        Assert.IsEmpty(Directory.GetFiles(folder.Path));
        session.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => session.Save(Path.Combine(folder.Path, "b")));
        Assert.IsEmpty(Directory.GetFiles(folder.Path));
    }

    [TestMethod]
    public void A_file_alone_does_not_decide_for_a_context_beyond_the_usual()
    {
        using var folder = new TemporaryFolder();
        using LanguageModel model = Open("llama-tied");
        string path = Path.Combine(folder.Path, "a.session");
        using (Session large = model.CreateSession(new SessionOptions { ContextLength = 5000 }))
        {
            large.Prefill([1, 2]);
            large.Save(path);
        }

        Assert.ThrowsExactly<InvalidOperationException>(() => model.LoadSession(path));
        using Session stated = model.LoadSession(path, new SessionOptions { ContextLength = 5000 });
        Assert.AreEqual(2, stated.Length);
    }

    private static SessionOptions Options(bool slides, CacheType type) => new()
    {
        ContextLength = slides ? 50 : 120, CacheType = type, SinkTokens = 6,
        Overflow = slides ? ContextOverflow.KeepSinksAndRecent : ContextOverflow.Stop,
    };

    private static byte[] Saved(LanguageModel model, TemporaryFolder folder, out string path, bool approximate = false)
    {
        path = Path.Combine(folder.Path, "a.session");
        SessionOptions options = Options(!approximate, CacheType.F16);
        using Session session = model.CreateSession(!approximate ? options : options with
        {
            Attention = new AttentionOptions
            {
                Mode = AttentionMode.Hyper, Leaf = 16, Block = 8, Samples = 8, Sinks = 4,
            },
        });
        session.Prefill([.. Enumerable.Range(0, 70)]);
        session.Note = "note";
        session.Save(path);
        return File.ReadAllBytes(path);
    }

    private static string Refused(LanguageModel model, string path, byte[] bytes)
    {
        File.WriteAllBytes(path, bytes);
        return Assert.ThrowsExactly<InvalidDataException>(() => model.LoadSession(path)).Message;
    }

    private static LanguageModel Open(string name, int batch = 16) => LanguageModel.Load(
        ConformanceModel.Load(name).Path, new ModelOptions { Threads = 2, BatchTokens = batch });
}
