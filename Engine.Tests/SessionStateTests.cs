using Engine.Sampling;
using Engine.Tests.Transformer;

namespace Engine.Tests;

/// <summary>A session after errors, cancellation and disposal.</summary>
[TestClass]
public sealed class SessionStateTests
{
    [TestMethod]
    public void A_disposed_session_refuses_everything()
    {
        using LanguageModel model = Open();
        Session session = model.CreateSession();
        session.Prefill([1, 2, 3]);
        session.Dispose();
        session.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => { session.Prefill([4]); });
        Assert.ThrowsExactly<ObjectDisposedException>(() => session.Truncate(1));
        Assert.ThrowsExactly<ObjectDisposedException>(() => session.Evaluate([4], (_, _) => { }));
    }

    [TestMethod]
    public void A_session_of_a_disposed_model_refuses_to_go_on()
    {
        LanguageModel model = Open();
        Session session = model.CreateSession();
        session.Prefill([1, 2, 3]);
        model.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => { session.Prefill([4]); });
        Assert.ThrowsExactly<ObjectDisposedException>(() => { model.CreateSession(); });
        session.Dispose();
    }

    [TestMethod]
    public async Task A_model_disposed_by_another_thread_ends_a_running_session_with_an_exception()
    {
        for (int round = 0; round < 5; round++)
        {
            LanguageModel model = Open();
            using Session session = model.CreateSession(new SessionOptions { ContextLength = 64 });
            using var started = new ManualResetEventSlim();
            Task running = Task.Run(() =>
            {
                while (true)
                {
                    session.Reset();
                    session.Prefill([1, 2, 3, 4, 5, 6, 7, 8]);
                    started.Set();
                }
            });
            started.Wait();
            model.Dispose();
            await Assert.ThrowsExactlyAsync<ObjectDisposedException>(() => running);
        }
    }

    [TestMethod]
    public void A_consumer_that_throws_leaves_no_logits_of_earlier_tokens()
    {
        using LanguageModel model = Open();
        using Session session = model.CreateSession();
        session.Prefill([1, 2, 3]);
        Assert.ThrowsExactly<FormatException>(() => session.Evaluate([4], (_, _) => throw new FormatException()));
        var sampler = new Sampler(SamplingOptions.Greedy, model.VocabularySize, session.ContextLength);
        Assert.ThrowsExactly<InvalidOperationException>(() => session.Next(sampler));
    }

    [TestMethod]
    public void Cancellation_keeps_what_is_evaluated()
    {
        using LanguageModel model = Open();
        using Session session = model.CreateSession();
        using var cancel = new CancellationTokenSource();
        Assert.ThrowsExactly<OperationCanceledException>(
            () => session.Evaluate([1, 2, 3, 4], (_, _) => cancel.Cancel(), chunk: 2, cancel.Token));
        Assert.AreEqual(2, session.Length);
        float[] found = session.Prefill([3, 4]).ToArray();
        session.Reset();
        float[] expected = session.Prefill([1, 2, 3, 4]).ToArray();
        for (int i = 0; i < expected.Length; i++) Assert.AreEqual(expected[i], found[i], 1e-2f);
    }

    private static LanguageModel Open() =>
        LanguageModel.Load(ConformanceModel.Load("llama-tied").Path, new ModelOptions { Threads = 2 });
}
