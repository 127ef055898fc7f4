using Engine.Cache;
using Engine.Transformer;

namespace Engine.Tests.Transformer;

[TestClass]
public sealed class ForwardPassTests
{
    [TestMethod]
    [DataRow("cla-trailing")]
    [DataRow("cla-gemma3-trailing")]
    [DataRow("cla2-gqa-kvnorm")]
    [DataRow("stablelm-parallel")]
    [DataRow("phi")]
    [DataRow("llama-tied")]
    public void Rows_without_wanted_logits_leave_after_the_last_owner_without_changing_the_others(string name)
    {
        if (!ConformanceModel.Names.Contains(name)) Assert.Inconclusive($"{name} is not at hand");
        ConformanceModel model = ConformanceModel.Load(name);
        using var runner = new Runner(model.Path);
        float[] last = LastLogits(runner, model.Tokens);
        runner.Model.Forward.SkipsUnwantedRows = false;
        float[] unskipped = LastLogits(runner, model.Tokens);
        // Attention takes fewer rows at a time then, so sums may round differently.
        for (int i = 0; i < last.Length; i++) Assert.AreEqual(unskipped[i], last[i], 1e-5f);
        float[] reference = model.Logits[^model.Vocabulary..];
        for (int i = 0; i < last.Length; i++) Assert.AreEqual(reference[i], last[i], model.Tolerance);
    }

    [TestMethod]
    [DataRow(CacheType.F32)]
    [DataRow(CacheType.F16)]
    [DataRow(CacheType.Q8_0)]
    public void A_few_rows_together_give_the_bits_of_single_rows(CacheType cache)
    {
        string[] names = ["llama-tied", "gemma3", "cla2-swa", "cla-trailing", "gpt2", "phi", "qwen3"];
        foreach (string path in names.Select(name => ConformanceModel.Load(name).Path)
            .Append(TestData.Model("smollm2-135m-instruct-q4_1.gguf")).Append(TestData.Model("tales-cla2-q8_0.gguf")))
        {
            using var runner = new Runner(path, threads: 2, batchRows: 32);
            int[] tokens = ConformanceModel.Load("llama-tied").Tokens[..40];
            float[] expected = runner.Logits(tokens, [7, .. Enumerable.Repeat(1, 33)], cache);
            CollectionAssert.AreEqual(expected, runner.Logits(tokens, [7, 2, 3, 11, 4, 5, 8], cache), path);
        }
    }

    [TestMethod]
    public void Sequences_in_one_batch_do_not_disturb_each_other()
    {
        ConformanceModel model = ConformanceModel.Load("llama3-rope");
        using var runner = new Runner(model.Path, threads: 2);
        int[] starts = [0, 5, 40];
        var sequences = starts.Select(_ => runner.Model.OpenSequence(64, CacheType.F32)).ToArray();
        var alone = starts.Select(start => runner.Logits(model.Tokens.AsSpan(start, 20), [1], context: 64)).ToArray();
        var batch = new StepBatch(runner.Model.Forward.BatchRows);
        for (int step = 0; step < 20; step++)
        {
            batch.Clear();
            for (int i = 0; i < sequences.Length; i++)
                batch.Add(sequences[i], model.Tokens.AsSpan(starts[i] + step, 1), WantedLogits.Last);
            runner.Model.Forward.Run(batch);
            Assert.AreEqual(3, runner.Model.Forward.OutputRows);
            Span<float> logits = runner.Model.Forward.Logits(0, 3);
            for (int i = 0; i < sequences.Length; i++)
                for (int v = 0; v < model.Vocabulary; v++)
                    Assert.AreEqual(alone[i][step * model.Vocabulary + v], logits[i * model.Vocabulary + v], 1e-4f);
        }

        foreach (Sequence sequence in sequences) sequence.Dispose();
    }

    [TestMethod]
    [DataRow(CacheType.F16, 0.02f)]
    [DataRow(CacheType.Q8_0, 0.5f)]
    public void Smaller_caches_stay_close(CacheType type, float tolerance)
    {
        foreach (string name in new[] { "cla-head46-mqa", "cla-head90-gqa", "llama-tied", "cla2-swa", "qwen3" })
        {
            ConformanceModel model = ConformanceModel.Load(name);
            using var runner = new Runner(model.Path);
            float[] logits = runner.Logits(model.Tokens, [9], type);
            float worst = 0;
            for (int i = 0; i < logits.Length; i++) worst = Math.Max(worst, Math.Abs(logits[i] - model.Logits[i]));
            Assert.IsLessThanOrEqualTo(tolerance, worst, name);
            Assert.IsGreaterThan(1e-4f, worst, $"{name}: the cache was not {type}");
        }
    }

    [TestMethod]
    public void Going_back_and_on_again_gives_the_same_logits()
    {
        foreach (string name in new[] { "cla2-mqa", "gemma3", "cla2-swa" })
        {
            ConformanceModel model = ConformanceModel.Load(name);
            using var runner = new Runner(model.Path, batchRows: 32);
            using Sequence sequence = runner.Model.OpenSequence(model.Tokens.Length, CacheType.F32);
            runner.Logits(sequence, model.Tokens.AsSpan(0, 40), [8]);
            sequence.Cache.Truncate(30);
            Assert.AreEqual(30, sequence.Cache.Length);
            float[] again = runner.Logits(sequence, model.Tokens.AsSpan(30), [8]);
            for (int i = 0; i < again.Length; i++)
                Assert.AreEqual(model.Logits[30 * model.Vocabulary + i], again[i], model.Tolerance, name);
        }
    }

    [TestMethod]
    public void A_window_that_has_moved_on_refuses_to_go_back()
    {
        ConformanceModel model = ConformanceModel.Load("cla2-swa");
        using var runner = new Runner(model.Path, batchRows: 4);
        using Sequence sequence = runner.Model.OpenSequence(model.Tokens.Length, CacheType.F32);
        runner.Logits(sequence, model.Tokens, [4]);
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => sequence.Cache.Truncate(20));
        StringAssert.Contains(error.Message, "sliding window");
    }

    [TestMethod]
    public void Windows_have_short_rings()
    {
        ConformanceModel model = ConformanceModel.Load("gemma3");
        using var runner = new Runner(model.Path, batchRows: 8);
        using Sequence sequence = runner.Model.OpenSequence(500, CacheType.F16);
        int groups = runner.Model.Config.CacheShapes.Count();
        int[] capacities = [.. Enumerable.Range(0, groups).Select(group => sequence.Cache.Ring(group).Capacity)];
        CollectionAssert.Contains(capacities, 500);
        CollectionAssert.Contains(capacities, 16 - 1 + 8);
    }

    [TestMethod]
    public void A_full_context_is_refused_before_anything_is_written()
    {
        ConformanceModel model = ConformanceModel.Load("llama-tied");
        using var runner = new Runner(model.Path);
        using Sequence sequence = runner.Model.OpenSequence(10, CacheType.F32);
        runner.Logits(sequence, model.Tokens.AsSpan(0, 8), [8]);
        var error = Assert.ThrowsExactly<InvalidOperationException>(
            () => runner.Logits(sequence, model.Tokens.AsSpan(8, 3), [3]));
        StringAssert.Contains(error.Message, "8 of 10");
        Assert.AreEqual(8, sequence.Cache.Length);
        runner.Logits(sequence, model.Tokens.AsSpan(8, 2), [2]);
    }

    [TestMethod]
    public void Nothing_is_allocated_by_a_step_on_any_worker()
    {
        ConformanceModel model = ConformanceModel.Load("gemma3");
        using var runner = new Runner(model.Path, threads: 2, batchRows: 16);
        using Sequence sequence = runner.Model.OpenSequence(512, CacheType.F16);
        var batch = new StepBatch(runner.Model.Forward.BatchRows);
        Step(runner, batch, sequence, model.Tokens.AsSpan(0, 16));
        for (int i = 0; i < 8; i++) Step(runner, batch, sequence, model.Tokens.AsSpan(i, 1));
        // All threads of the process count. The runtime's own (tiered compilation) allocate now and then, a step that
        // allocates does so in every round.
        long least = long.MaxValue;
        for (int round = 0; round < 6; round++)
        {
            sequence.Cache.Truncate(0);
            long before = GC.GetTotalAllocatedBytes(precise: true);
            for (int i = 0; i < 64; i++) Step(runner, batch, sequence, model.Tokens.AsSpan(i, 1));
            Step(runner, batch, sequence, model.Tokens.AsSpan(16, 16));
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        Assert.AreEqual(0, least);
    }

    private static void Step(Runner runner, StepBatch batch, Sequence sequence, ReadOnlySpan<int> tokens)
    {
        batch.Clear();
        batch.Add(sequence, tokens, WantedLogits.Last);
        runner.Model.Forward.Run(batch);
        runner.Model.Forward.Logits(0, 1);
    }

    private static float[] LastLogits(Runner runner, int[] tokens)
    {
        using Sequence sequence = runner.Model.OpenSequence(tokens.Length, CacheType.F32);
        var batch = new StepBatch(runner.Model.Forward.BatchRows);
        int half = tokens.Length / 2;
        batch.Add(sequence, tokens.AsSpan(0, half), WantedLogits.None);
        runner.Model.Forward.Run(batch);
        Assert.AreEqual(0, runner.Model.Forward.OutputRows);
        batch.Clear();
        batch.Add(sequence, tokens.AsSpan(half), WantedLogits.Last);
        runner.Model.Forward.Run(batch);
        return runner.Model.Forward.Logits(0, 1).ToArray();
    }
}
