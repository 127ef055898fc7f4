using Engine.Cache;
using Engine.Tests.Cli;

namespace Engine.Tests.Attention;

/// <summary>Saved sessions with approximate attention go on as if they had not been saved.</summary>
[TestClass]
public sealed class SavedHyperTests
{
    private const int Context = 704, Leaf = 64;

    private static readonly string Tales = TestData.Model("tales-cla2-q8_0.gguf");

    private static readonly AttentionOptions Approximate = new()
    {
        Mode = AttentionMode.Hyper, Leaf = Leaf, Block = 32, Samples = 32, Sinks = 8,
    };

    private static readonly SessionOptions Options = new() { ContextLength = Context, Attention = Approximate };

    /// <remarks>Also where it is saved before the means are frozen, and where it goes back behind that.</remarks>
    [TestMethod]
    [DataRow(600, 600, CacheType.F16)]
    [DataRow(600, 30, CacheType.F16)]
    [DataRow(40, 40, CacheType.F16)]
    [DataRow(600, 600, CacheType.Q8_0)]
    [DataRow(333, 200, CacheType.F32)]
    public void GoesOnToTheLastBit(int saved, int kept, CacheType type)
    {
        int[] tokens = HyperSessionTests.Tokens(Context);
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "a.session");
        using LanguageModel model = LanguageModel.Load(Tales), other = LanguageModel.Load(Tales);
        using Session session = model.CreateSession(Options with { CacheType = type });
        session.Prefill(tokens.AsSpan(0, saved));
        session.Save(path);
        using Session loaded = other.LoadSession(path), stated = other.LoadSession(path, Options),
            exact = model.CreateSession(Options with { CacheType = type, Attention = new AttentionOptions() });
        foreach (Session one in (Session[])[session, loaded, stated]) one.Truncate(kept);
        float[] expected = All(session, tokens.AsSpan(kept));
        CollectionAssert.AreEqual(expected, All(loaded, tokens.AsSpan(kept)), "as saved");
        CollectionAssert.AreEqual(expected, All(stated, tokens.AsSpan(kept)), "the same options");
        exact.Prefill(tokens.AsSpan(0, kept));
        CollectionAssert.AreNotEqual(expected, All(exact, tokens.AsSpan(kept)), "the approximation shows");
        // And once more, from a session that was itself loaded.
        loaded.Truncate(kept);
        loaded.Save(path);
        using Session again = model.LoadSession(path);
        CollectionAssert.AreEqual(expected, All(again, tokens.AsSpan(kept)), "twice");
    }

    /// <remarks>The cache of f32 holds the very keys, so nothing can tell that they were ranked later. In f16 some
    /// ranks turn out otherwise, which moves samples: that may show as much as the approximation itself.</remarks>
    [TestMethod]
    [DataRow(CacheType.F32, 0f)]
    [DataRow(CacheType.F16, 1.5f)]
    public void WhatTheFileLacksIsLearntFromTheCache(CacheType type, float differing)
    {
        int[] tokens = HyperSessionTests.Tokens(Context);
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "a.session");
        using LanguageModel model = LanguageModel.Load(Tales);
        // Nothing before position 600 is approximated, so that both caches hold the same.
        SessionOptions options = Options with
        {
            CacheType = type, Attention = Approximate with { MinimumLength = 600 },
        };
        using Session whole = model.CreateSession(options);
        // All logits, so that the last layers too compute every query.
        _ = All(whole, tokens.AsSpan(0, 600));
        float[] expected = All(whole, tokens.AsSpan(600));
        foreach (AttentionOptions before in (AttentionOptions[])
            [new(), Approximate with { Seed = 7, MinimumLength = 600 }])
        {
            using Session session = model.CreateSession(options with { Attention = before });
            _ = All(session, tokens.AsSpan(0, 600));
            session.Save(path);
            using Session loaded = model.LoadSession(path, options);
            float[] found = All(loaded, tokens.AsSpan(600)), other = All(session, tokens.AsSpan(600));
            CollectionAssert.AreNotEqual(other, found, "it goes on in another way than it was saved");
            double apart = Distance(expected, found), from = Distance(expected, other);
            Assert.IsLessThanOrEqualTo(differing * from, apart);
        }
    }

    [TestMethod]
    public void AnExactSessionIsSavedAsBefore()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "a.session");
        using LanguageModel model = LanguageModel.Load(Tales);
        foreach (bool approximate in (bool[])[false, true])
        {
            using Session session = model.CreateSession(approximate ? Options : new SessionOptions());
            session.Prefill(HyperSessionTests.Tokens(50));
            session.Save(path);
            Assert.AreEqual(approximate ? 2 : 1, File.ReadAllBytes(path)[8]);
        }

        // In a context no longer than the leaf nothing would be approximated.
        using Session small = model.LoadSession(path, new SessionOptions { ContextLength = Leaf });
        Assert.IsNull(small.Hyper);
        small.Prefill([1, 2, 3]);
    }

    [TestMethod]
    public void ASavedContextThatSlidesStaysExact()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "a.session");
        using LanguageModel model = LanguageModel.Load(Tales);
        using Session session = model.CreateSession(new SessionOptions
        {
            ContextLength = 200, Overflow = ContextOverflow.KeepSinksAndRecent,
        });
        session.Prefill(HyperSessionTests.Tokens(300));
        session.Save(path);
        ArgumentException error = Assert.ThrowsExactly<ArgumentException>(() => model.LoadSession(path, Options with
        {
            ContextLength = 0,
        }));
        Assert.Contains("slides", error.Message);
        var console = new TestConsole();
        Assert.AreEqual(1, console.Run("run", Tales, "--load-session", path, "--raw", "--prompt", "x", "--attention",
            "hyper"));
        Assert.Contains("slides", console.ErrorText);
    }

    [TestMethod]
    public void OnTheCommandLineToo()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "a.session");
        string text = string.Concat(Enumerable.Repeat("Once upon a time there was a fox who lived by the sea. ", 30));
        string more = folder.Write("more.txt", string.Concat(Enumerable.Repeat(" The fox went to the sea again.", 20)));
        string[] hyper = ["--attention", "hyper", "--attention-leaf", "64", "--attention-sinks", "8",
            "--attention-block", "16", "--attention-sample", "16"];
        string[] options = [Tales, "--raw", "--greedy", "--ignore-eos", "--context", "900", "--max-tokens", "24"];
        Text([.. options, "--prompt", text, .. hyper, "--save-session", file]);
        string asSaved = Text([.. options, "--load-session", file, "--file", more]);
        Assert.AreEqual(asSaved, Text([.. options, "--load-session", file, "--file", more, .. hyper]));
        // An exact session goes on approximately where that is asked for.
        Text([.. options, "--prompt", text, "--save-session", file]);
        Assert.AreNotEqual("", Text([.. options, "--load-session", file, "--file", more, .. hyper]));
    }

    private static string Text(params string[] arguments)
    {
        var console = new TestConsole();
        Assert.AreEqual(0, console.Run(["run", .. arguments, "--json"]), console.ErrorText);
        return console.Json().GetProperty("text").GetString()!;
    }

    /// <summary>Logits of all tokens.</summary>
    private static float[] All(Session session, ReadOnlySpan<int> tokens)
    {
        var all = new List<float>();
        session.Evaluate(tokens, (_, logits) => all.AddRange(logits));
        return [.. all];
    }

    private static double Distance(float[] a, float[] b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++) sum += (a[i] - (double)b[i]) * (a[i] - b[i]);
        return Math.Sqrt(sum);
    }
}
