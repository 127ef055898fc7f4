using Engine.Sampling;
using Engine.Text;

namespace Engine.Tests.Cli;

[TestClass]
public sealed class FacadeTests
{
    private static readonly string Tales = TestData.Model("tales-cla2-q8_0.gguf");

    private static readonly GenerationOptions Greedy = new() { Sampling = SamplingOptions.Greedy, MaxTokens = 20 };

    /// <summary>A generation that nothing ends but its reader: however late that one gets a processor, there is
    /// something left to cancel.</summary>
    private static readonly SessionOptions Endless = new() { Overflow = ContextOverflow.KeepSinksAndRecent };

    private static readonly GenerationOptions OnAndOn = new() { IgnoreEndOfGeneration = true };

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task StreamedTextIsTheResultsText()
    {
        using LanguageModel model = LanguageModel.Load(Tales);
        using Session session = model.CreateSession();
        string streamed = "";
        await foreach (string piece in session.GenerateAsync("Once upon a time", Greedy, TestContext.CancellationToken))
            streamed += piece;
        GenerationResult result = session.LastGeneration!;
        Assert.AreEqual(result.Text, streamed);
        Assert.HasCount(20, result.Tokens);
        Assert.AreEqual(StopReason.Length, result.StopReason);
        using Session again = model.CreateSession();
        Assert.AreEqual(streamed, again.Generate(model.Tokenize("Once upon a time"), Greedy).Text);
    }

    [TestMethod]
    public async Task CancellingEndsTheStreamAndLeavesTheSessionUsable()
    {
        using LanguageModel model = LanguageModel.Load(Tales);
        using Session session = model.CreateSession(Endless);
        using var cancel = new CancellationTokenSource();
        await Assert.ThrowsAsync<OperationCanceledException>(async () =>
        {
            await foreach (string _ in session.GenerateAsync("Once", OnAndOn, cancel.Token)) cancel.Cancel();
        });
        Assert.AreEqual(StopReason.Cancelled, session.LastGeneration!.StopReason);
        Assert.IsNotEmpty(session.LastGeneration.Tokens);
        session.Reset();
        Assert.HasCount(20, session.Generate(model.Tokenize("Once"), Greedy).Tokens);
    }

    [TestMethod]
    public async Task LeavingTheLoopEndsTheGeneration()
    {
        using LanguageModel model = LanguageModel.Load(Tales);
        using Session session = model.CreateSession(Endless);
        await foreach (string _ in session.GenerateAsync("Once", OnAndOn, TestContext.CancellationToken)) break;
        Assert.AreEqual(StopReason.Cancelled, session.LastGeneration!.StopReason);
    }

    /// <summary>Else, on one processor, a reader would get nothing until the pool adds a thread.</summary>
    [TestMethod]
    public async Task GeneratingOccupiesNoThreadOfThePool()
    {
        using LanguageModel model = LanguageModel.Load(Tales);
        using Session session = model.CreateSession();
        bool? pooled = null;
        GenerationOptions options = Greedy with
        {
            PromptProgress = (_, _) => pooled = Thread.CurrentThread.IsThreadPoolThread,
        };
        await foreach (string _ in session.GenerateAsync("Once", options, TestContext.CancellationToken)) { }
        Assert.IsFalse(pooled);
    }

    [TestMethod]
    public void ALoopOverTokensAllocatesNothing()
    {
        using LanguageModel model = LanguageModel.Load(Tales);
        using Session session = model.CreateSession();
        var sampler = new Sampler(new SamplingOptions { Seed = 1, RepetitionPenalty = 1.1f }, model.VocabularySize,
            session.ContextLength);
        int[] prompt = model.Tokenize("Once upon a time");
        Generate(16);
        session.Reset();
        long own = GC.GetAllocatedBytesForCurrentThread();
        Generate(64);
        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - own);

        void Generate(int count)
        {
            session.Prefill(prompt);
            for (int i = 0; i < count; i++) sampler.Accept(session.Next(sampler));
        }
    }

    [TestMethod]
    public void KeepingAPrefixGivesTheSameLogitsAsStartingAgain()
    {
        using LanguageModel model = LanguageModel.Load(Tales);
        using Session session = model.CreateSession();
        using Session fresh = model.CreateSession();
        int[] first = model.Tokenize("Once upon a time there was a king");
        int[] second = model.Tokenize("Once upon a time there lived a queen");
        session.Prefill(first);
        int kept = session.KeepPrefix(second);
        Assert.IsTrue(kept > 3 && kept < second.Length);
        ReadOnlySpan<float> logits = session.Prefill(second.AsSpan(kept));
        ReadOnlySpan<float> expected = fresh.Prefill(second);
        // Not bit for bit: sums of one and of many rows round differently, and int8 activations amplify that.
        for (int i = 0; i < logits.Length; i++) Assert.AreEqual(expected[i], logits[i], 0.2f);
    }

    [TestMethod]
    public void MistakesAreNamed()
    {
        using LanguageModel model = LanguageModel.Load(Tales);
        using Session session = model.CreateSession(new SessionOptions { ContextLength = 4 });
        var sampler = new Sampler(SamplingOptions.Greedy, model.VocabularySize, 4);
        Assert.ThrowsExactly<InvalidOperationException>(() => session.Next(sampler));
        Assert.ThrowsExactly<ArgumentException>(() => session.Prefill([]).Length);
        Assert.ThrowsExactly<ArgumentException>(() => session.Prefill([1, 4096]).Length);
        Assert.ThrowsExactly<ArgumentException>(() => session.Prefill([-1]).Length);
        Assert.ThrowsExactly<InvalidOperationException>(() => session.Prefill([1, 2, 3, 4, 5]).Length);
        Assert.AreEqual(0, session.Length);
        Assert.ThrowsExactly<InvalidOperationException>(() => model.FormatChat([new ChatMessage("user", "Hi")]));
    }
}
