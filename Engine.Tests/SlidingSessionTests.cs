using Engine.Gguf;
using Engine.Sampling;
using Engine.Tests.Transformer;

namespace Engine.Tests;

/// <summary>Sessions that go on past their context.</summary>
[TestClass]
public sealed class SlidingSessionTests
{
    private static readonly SessionOptions Small = new()
    {
        ContextLength = 48, SinkTokens = 8, Overflow = ContextOverflow.KeepSinksAndRecent,
        CacheType = Engine.Cache.CacheType.F32,
    };

    private static readonly GenerationOptions Greedy = new()
    {
        Sampling = SamplingOptions.Greedy, MaxTokens = 200, IgnoreEndOfGeneration = true,
    };

    [TestMethod]
    [DataRow("llama-tied")]
    [DataRow("qwen3")]
    [DataRow("phi")]
    [DataRow("mistral-swa")]
    [DataRow("llama3-rope")]
    public void A_slid_layer_gives_the_logits_of_a_fresh_one_that_was_given_the_kept_tokens(string name)
    {
        // In a model of one layer, keys and values depend on tokens and positions alone, so the oracle is exact.
        ConformanceModel reference = ConformanceModel.Load(name);
        using var folder = new Cli.TemporaryFolder();
        string path = folder.Write("one.gguf", "");
        WriteOneLayer(reference.Path, path, trained: 48);
        foreach (int threads in (int[])[1, 2])
        {
            using LanguageModel model = LanguageModel.Load(path, new ModelOptions { Threads = threads });
            using Session slid = model.CreateSession(Small), fresh = model.CreateSession(Small);
            float[] found = slid.Prefill(Tokens(reference, 131)).ToArray();
            CollectionAssert.AreEqual(Tokens(reference, 131)[^20..], slid.Tokens[^20..].ToArray());
            CollectionAssert.AreEqual(Tokens(reference, 131)[..8], slid.Tokens[..8].ToArray());
            Assert.AreEqual(131, slid.DroppedTokens + slid.Length);
            Assert.IsGreaterThan(0, slid.DroppedTokens);
            AssertClose(fresh.Prefill(slid.Tokens).ToArray(), found);
            // And on: token by token over the next slides.
            for (int i = 0; i < 70; i++)
            {
                found = slid.Prefill([i]).ToArray();
                fresh.Reset();
                AssertClose(fresh.Prefill(slid.Tokens).ToArray(), found);
            }
        }
    }

    [TestMethod]
    [DataRow("llama-tied")]
    [DataRow("gemma3")]
    [DataRow("cla2-swa")]
    [DataRow("cla-gemma3-trailing")]
    public void Threads_batches_and_guesses_change_nothing(string name)
    {
        ConformanceModel reference = ConformanceModel.Load(name);
        int[] prompt = [.. reference.Tokens[..9], .. reference.Tokens[..7]];
        int[]? expected = null;
        foreach (int threads in (int[])[1, 2])
        {
            using LanguageModel model = LanguageModel.Load(reference.Path,
                new ModelOptions { Threads = threads, BatchTokens = 16 });
            foreach (SpeculationOptions? guesses in (SpeculationOptions?[])
                [null, new(), new() { DraftModel = model, MaxDraftTokens = 3 }])
            {
                using Session session = model.CreateSession(Small);
                GenerationResult result = session.Generate(prompt, Greedy with { Speculation = guesses });
                expected ??= [.. result.Tokens];
                CollectionAssert.AreEqual(expected, result.Tokens.ToArray());
                Assert.AreEqual(StopReason.Length, result.StopReason);
                Assert.AreEqual(prompt.Length + 200, session.DroppedTokens + session.Length);
                if (guesses is not null) Assert.IsGreaterThan(0, result.AcceptedTokens);
            }
        }
    }

    [TestMethod]
    public void Sliding_allocates_nothing()
    {
        using LanguageModel model = Open("gemma3");
        using Session session = model.CreateSession(Small);
        var sampler = new Sampler(SamplingOptions.Greedy, model.VocabularySize, session.ContextLength);
        session.Prefill([1, 2, 3]);
        for (int i = 0; i < 100; i++) session.Next(sampler);
        long least = long.MaxValue;
        for (int round = 0; round < 6; round++)
        {
            long dropped = session.DroppedTokens, before = GC.GetTotalAllocatedBytes(precise: true);
            for (int i = 0; i < 600; i++) session.Next(sampler);
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
            Assert.IsGreaterThan(dropped + 500, session.DroppedTokens);
        }

        Assert.AreEqual(0, least);
    }

    [TestMethod]
    public void A_full_context_stops_unless_told_otherwise()
    {
        using LanguageModel model = Open("llama-tied");
        using Session session = model.CreateSession(Small with { Overflow = ContextOverflow.Stop });
        Assert.AreEqual(StopReason.Context, session.Generate([1, 2, 3], Greedy).StopReason);
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => { session.Prefill([1, 2]); });
        StringAssert.Contains(error.Message, "the context is full");
        Assert.AreEqual(48, session.Length);
        Assert.AreEqual(0, session.DroppedTokens);
    }

    [TestMethod]
    public void Sessions_of_one_model_do_not_disturb_each_other_while_some_slide()
    {
        using LanguageModel model = Open("cla2-swa");
        SessionOptions[] kinds = [Small, Small with { ContextLength = 400 }, Small with { ContextLength = 31 }];
        float[][] alone = [.. kinds.Select((kind, i) =>
        {
            using Session session = model.CreateSession(kind);
            for (int step = 0; step < 149; step++) session.Prefill([Token(i, step)]);
            return session.Prefill([Token(i, 149)]).ToArray();
        })];
        Session[] together = [.. kinds.Select(kind => model.CreateSession(kind))];
        var last = new float[kinds.Length][];
        for (int step = 0; step < 150; step++)
            for (int i = 0; i < kinds.Length; i++) last[i] = together[i].Prefill([Token(i, step)]).ToArray();
        for (int i = 0; i < kinds.Length; i++) CollectionAssert.AreEqual(alone[i], last[i]);
        foreach (Session session in together) session.Reset();
        var batch = new SessionBatch(model, kinds.Length);
        foreach (Session session in together) batch.Add(session);
        for (int step = 0; step < 149; step++)
            batch.Prefill([.. Enumerable.Range(0, kinds.Length).Select(i => Token(i, step))]);
        for (int i = 0; i < kinds.Length; i++)
        {
            AssertClose(alone[i], together[i].Prefill([Token(i, 149)]).ToArray(), 1e-4f);
            together[i].Dispose();
        }

        static int Token(int session, int step) => (7 * session + 3 * step + step * step) % 200;
    }

    [TestMethod]
    public void Threads_may_run_sessions_at_once_while_they_slide()
    {
        using LanguageModel model = Open("llama-tied");
        int[][] results = [.. Enumerable.Range(0, 8).AsParallel().AsOrdered().WithDegreeOfParallelism(4)
            .Select(i =>
        {
            using Session session = model.CreateSession(i % 2 == 0 ? Small : Small with { ContextLength = 300 });
            return session.Generate([1, 2, 3, 4], Greedy).Tokens.ToArray();
        })];
        for (int i = 2; i < results.Length; i++) CollectionAssert.AreEqual(results[i % 2], results[i]);
    }

    [TestMethod]
    public void A_conversation_that_has_slid_is_recognised()
    {
        using LanguageModel model = Open("llama-tied");
        using Session session = model.CreateSession(Small);
        int[] said = [.. Enumerable.Range(0, 120).Select(i => i * 7 % 300)];
        session.Prefill(said);
        long dropped = session.DroppedTokens;
        Assert.IsGreaterThan(0, dropped);
        Assert.AreEqual(120, session.KeepPrefix([.. said, 5, 6]));
        Assert.AreEqual(dropped, session.DroppedTokens);
        // Going back within what is held; one token is always left to evaluate.
        Assert.AreEqual(110, session.KeepPrefix([.. said[..110], 299, 298]));
        Assert.AreEqual(109, session.KeepPrefix(said[..110]));
        Assert.AreEqual(dropped, session.DroppedTokens);
        session.Prefill(said[109..]);
        Assert.AreEqual(120, session.KeepPrefix([.. said, 5, 6]));
        // Another token among those that were given up: only the sinks are common.
        int[] other = [.. said, 5];
        other[12]++;
        Assert.AreEqual(8, session.KeepPrefix(other));
        Assert.AreEqual(0, session.DroppedTokens);
        CollectionAssert.AreEqual(said[..8], session.Tokens.ToArray());
    }

    [TestMethod]
    public void Going_back_after_a_slide_gives_the_same_logits_again()
    {
        using LanguageModel model = Open("llama3-rope");
        using Session session = model.CreateSession(Small);
        session.Prefill([.. Enumerable.Range(0, 100)]);
        int length = session.Length;
        float[] expected = session.Prefill([1, 2, 3]).ToArray();
        session.Truncate(length);
        CollectionAssert.AreEqual(expected, session.Prefill([1, 2, 3]).ToArray());
        session.Truncate(5);
        Assert.AreEqual(0, session.DroppedTokens);
        float[] again = session.Prefill([.. Enumerable.Range(5, 20)]).ToArray();
        session.Reset();
        AssertClose(session.Prefill([.. Enumerable.Range(0, 25)]).ToArray(), again, 1e-4f);
    }

    [TestMethod]
    public void A_window_that_has_moved_on_still_refuses_and_goes_back_to_the_sinks()
    {
        using LanguageModel model = LanguageModel.Load(ConformanceModel.Load("mistral-swa").Path,
            new ModelOptions { Threads = 1, BatchTokens = 4 });
        using Session session = model.CreateSession(Small);
        session.Prefill([.. Enumerable.Range(0, 100)]);
        float[] expected = session.Prefill([4]).ToArray();
        session.Truncate(session.Length - 1);
        AssertClose(expected, session.Prefill([4]).ToArray(), 1e-4f);
        Assert.ThrowsExactly<InvalidOperationException>(() => session.Truncate(12));
        session.Truncate(8);
        float[] again = session.Prefill([8, 9]).ToArray();
        session.Reset();
        AssertClose(session.Prefill([.. Enumerable.Range(0, 10)]).ToArray(), again, 1e-4f);
    }

    private static LanguageModel Open(string name) =>
        LanguageModel.Load(ConformanceModel.Load(name).Path, new ModelOptions { Threads = 2 });

    private static int[] Tokens(ConformanceModel model, int count) =>
        [.. Enumerable.Range(0, count).Select(i => model.Tokens[i % model.Tokens.Length])];

    private static void AssertClose(float[] expected, float[] found, float tolerance = 5e-5f)
    {
        for (int i = 0; i < expected.Length; i++) Assert.AreEqual(expected[i], found[i], tolerance, $"logit {i}");
    }

    private static void WriteOneLayer(string source, string path, uint trained)
    {
        using GgufFile file = GgufFile.Open(source);
        var writer = new GgufWriter();
        string architecture = file.Metadata.GetString("general.architecture");
        foreach (string key in file.Metadata.Keys)
        {
            if (key == architecture + ".block_count") writer.Add(key, 1u);
            else if (key == architecture + ".context_length") writer.Add(key, trained);
            else writer.Add(file.Metadata, key);
        }

        foreach (GgufTensor tensor in file.Tensors)
            if (!tensor.Name.StartsWith("blk.", StringComparison.Ordinal)
                || tensor.Name.StartsWith("blk.0.", StringComparison.Ordinal))
                writer.AddTensor(tensor);
        writer.Save(path);
    }
}
