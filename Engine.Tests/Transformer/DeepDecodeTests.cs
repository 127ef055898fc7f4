using Engine.Cache;
using Engine.Transformer;

namespace Engine.Tests.Transformer;

/// <summary>Decode behind a cache of several pieces (see <see cref="Engine.Attention.AttentionPieces"/>).</summary>
[TestClass]
public sealed class DeepDecodeTests
{
    private const int Depth = 1700;

    [TestMethod]
    [DataRow("llama-tied", CacheType.F16)]
    [DataRow("llama-tied", CacheType.Q8_0)]
    [DataRow("gemma3", CacheType.F16)]
    [DataRow("cla2-swa", CacheType.F32)]
    public void Threads_and_neighbours_change_no_bit(string name, CacheType cache)
    {
        ConformanceModel model = ConformanceModel.Load(name);
        float[] expected = Decode(model, cache, threads: 1, [1]);
        foreach (int threads in (int[])[1, 2, 3])
        {
            CollectionAssert.AreEqual(expected, Decode(model, cache, threads, [1]), $"{threads} threads");
            CollectionAssert.AreEqual(expected, Decode(model, cache, threads, [3, 1, 8]), $"{threads} threads, runs");
        }
    }

    [TestMethod]
    public void More_rows_than_there_is_room_for_states_give_the_same_bits()
    {
        ConformanceModel model = ConformanceModel.Load("llama-tied");
        const int Sequences = 40;
        // 40 rows of 4 pieces each: the last ones sum up at once.
        Assert.IsGreaterThan(AttentionStates.RowPieces, Sequences * 4);
        using var runner = new Runner(model.Path, threads: 2);
        Sequence[] sequences = [.. Enumerable.Range(0, Sequences).Select(_ => Fill(runner, model, CacheType.F16))];
        var batch = new StepBatch(runner.Model.Forward.BatchRows);
        foreach (Sequence sequence in sequences) batch.Add(sequence, model.Tokens.AsSpan(0, 1), WantedLogits.Last);
        runner.Model.Forward.Run(batch);
        float[] first = runner.Model.Forward.Logits(0, 1).ToArray();
        for (int i = 1; i < Sequences; i++)
            CollectionAssert.AreEqual(first, runner.Model.Forward.Logits(i, 1).ToArray(), $"sequence {i}");
        foreach (Sequence sequence in sequences) sequence.Dispose();
    }

    private static float[] Decode(ConformanceModel model, CacheType cache, int threads, int[] runs)
    {
        using var runner = new Runner(model.Path, threads);
        using Sequence sequence = Fill(runner, model, cache);
        return runner.Logits(sequence, model.Tokens.AsSpan(0, 24), runs);
    }

    private static Sequence Fill(Runner runner, ConformanceModel model, CacheType cache)
    {
        Sequence sequence = runner.Model.OpenSequence(Depth + 64, cache);
        var batch = new StepBatch(runner.Model.Forward.BatchRows);
        for (int done = 0, count; done < Depth; done += count)
        {
            int begin = done % model.Tokens.Length;
            count = Math.Min(Math.Min(batch.Capacity, Depth - done), model.Tokens.Length - begin);
            batch.Clear();
            batch.Add(sequence, model.Tokens.AsSpan(begin, count), WantedLogits.None);
            runner.Model.Forward.Run(batch);
        }

        return sequence;
    }
}
