using Engine.Sampling;

namespace Engine.Tests;

[TestClass]
public sealed class SessionBatchTests
{
    private static readonly string Tales = TestData.Model("tales-cla2-q8_0.gguf");

    private static readonly string[] Prompts = ["Once upon a time", "The king", "A", "There was a little"];

    [TestMethod]
    [DataRow(1)]
    [DataRow(4)]
    [DataRow(19)]
    public void EachSessionSaysWhatItSaysAlone(int count)
    {
        using LanguageModel model = LanguageModel.Load(Tales);
        var batch = new SessionBatch(model, count);
        Session[] sessions = [.. Enumerable.Range(0, count).Select(_ => model.CreateSession())];
        Sampler[] samplers = [.. sessions.Select(session => Greedy(session))];
        for (int i = 0; i < count; i++)
        {
            sessions[i].Prefill(model.Tokenize(Prompts[i % Prompts.Length]));
            batch.Add(sessions[i]);
        }

        int[] tokens = new int[count];
        for (int step = 0; step < 12; step++) batch.Step(samplers, tokens);
        for (int i = 0; i < count; i++)
        {
            using Session alone = model.CreateSession();
            Sampler sampler = Greedy(alone);
            alone.Prefill(model.Tokenize(Prompts[i % Prompts.Length]));
            for (int step = 0; step < 12; step++) alone.Next(sampler);
            CollectionAssert.AreEqual(alone.Tokens.ToArray(), sessions[i].Tokens.ToArray());
            sessions[i].Dispose();
        }
    }

    [TestMethod]
    public void StepsAllocateNothing()
    {
        using LanguageModel model = LanguageModel.Load(Tales);
        using Session first = model.CreateSession();
        using Session second = model.CreateSession();
        var batch = new SessionBatch(model, 2);
        foreach (Session session in (Session[])[first, second])
        {
            session.Prefill(model.Tokenize("Once"));
            batch.Add(session);
        }

        Sampler[] samplers = [Greedy(first), Greedy(second)];
        int[] tokens = new int[2];
        for (int i = 0; i < 4; i++) batch.Step(samplers, tokens);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 32; i++) batch.Step(samplers, tokens);
        for (int i = 0; i < 4; i++) batch.Prefill(tokens);
        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [TestMethod]
    public void WrongUseLeavesEverySessionAsItWas()
    {
        using LanguageModel model = LanguageModel.Load(Tales);
        using LanguageModel other = LanguageModel.Load(Tales);
        using Session ready = model.CreateSession();
        using Session empty = model.CreateSession();
        using Session foreign = other.CreateSession();
        ready.Prefill(model.Tokenize("Once"));
        int length = ready.Length;
        var batch = new SessionBatch(model, 2);
        batch.Add(ready);
        Assert.Throws<ArgumentException>(() => batch.Add(ready));
        Assert.Throws<ArgumentException>(() => batch.Add(foreign));
        batch.Add(empty);
        Sampler[] samplers = [Greedy(ready), Greedy(empty)];
        Assert.Throws<InvalidOperationException>(() => batch.Step(samplers, new int[2]));
        Assert.Throws<ArgumentException>(() => batch.Step(samplers, new int[1]));
        Assert.Throws<ArgumentException>(() => batch.Prefill([1, model.VocabularySize]));
        Assert.AreEqual(length, ready.Length);
        Assert.AreEqual(0, empty.Length);
        Assert.IsTrue(batch.Remove(empty));
        batch.Step(samplers.AsSpan(0, 1), new int[1]);
        Assert.AreEqual(length + 1, ready.Length);
    }

    private static Sampler Greedy(Session session) =>
        new(SamplingOptions.Greedy, session.Model.VocabularySize, session.ContextLength);
}
