using Engine.Sampling;
using Engine.Tests.Transformer;

namespace Engine.Tests;

[TestClass]
public sealed class SessionPoolTests
{
    [TestMethod]
    public async Task Sessions_are_bounded_reused_and_come_back_empty()
    {
        using LanguageModel model = LanguageModel.Load(ConformanceModel.Load("llama-tied").Path);
        using var pool = new SessionPool(model, capacity: 1, new SessionOptions { ContextLength = 32 });
        SessionPool.Rental first = await pool.RentAsync();
        Session session = first.Session;
        session.Prefill([1, 2, 3]);
        using var soon = new CancellationTokenSource(50);
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await pool.RentAsync(soon.Token));
        first.Dispose();
        first.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => _ = first.Session);
        using SessionPool.Rental second = await pool.RentAsync();
        Assert.AreSame(session, second.Session);
        Assert.AreEqual(0, second.Session.Length);
    }

    [TestMethod]
    public async Task Conversations_at_once_say_what_they_say_alone()
    {
        using LanguageModel model = LanguageModel.Load(
            ConformanceModel.Load("llama3-rope").Path, new ModelOptions { Threads = 2 });
        using var pool = new SessionPool(model, capacity: 3, new SessionOptions { ContextLength = 64 });
        int[][] alone = await Task.WhenAll(Enumerable.Range(0, 1).Select(_ => Generate(pool, 1)));
        int[][] together = await Task.WhenAll(
            Enumerable.Range(0, 12).Select(i => Task.Run(() => Generate(pool, 1 + i % 3))));
        CollectionAssert.AreEqual(alone[0], together[0]);
        for (int i = 3; i < together.Length; i++) CollectionAssert.AreEqual(together[i % 3], together[i]);
        CollectionAssert.AreNotEqual(together[0], together[1]);
    }

    private static async Task<int[]> Generate(SessionPool pool, int first)
    {
        using SessionPool.Rental rental = await pool.RentAsync();
        return [.. rental.Session.Generate([first, 7, 9], new GenerationOptions
        {
            Sampling = SamplingOptions.Greedy,
            MaxTokens = 24,
            IgnoreEndOfGeneration = true,
        }).Tokens];
    }
}
