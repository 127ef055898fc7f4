using Engine.Cache;
using Engine.Gguf;
using Engine.Isa;
using Engine.Transformer;

namespace Engine.Tests.Transformer;

/// <summary>A loaded model that computes the logits of every position.</summary>
internal sealed class Runner : IDisposable
{
    private readonly GgufFile file;

    public Runner(string path, int threads = 1, int batchRows = 256, InstructionSet? isa = null,
        bool pack = false)
    {
        file = GgufFile.Open(path);
        Model = TransformerModel.Load(file, isa ?? InstructionSets.Best, threads, batchRows, pack);
    }

    public TransformerModel Model { get; }

    /// <summary>Logits [n, vocabulary] of a sequence fed in runs of the given sizes (repeated as needed).</summary>
    public float[] Logits(ReadOnlySpan<int> tokens, ReadOnlySpan<int> runs, CacheType cache = CacheType.F32,
        int? context = null)
    {
        using Sequence sequence = Model.OpenSequence(context ?? tokens.Length, cache);
        return Logits(sequence, tokens, runs);
    }

    public float[] Logits(Sequence sequence, ReadOnlySpan<int> tokens, ReadOnlySpan<int> runs)
    {
        int vocabulary = Model.Weights.Vocabulary;
        var logits = new float[tokens.Length * vocabulary];
        var batch = new StepBatch(Model.Forward.BatchRows);
        for (int done = 0, run = 0; done < tokens.Length; run++)
        {
            int count = Math.Min(Math.Min(runs[run % runs.Length], batch.Capacity), tokens.Length - done);
            batch.Clear();
            batch.Add(sequence, tokens.Slice(done, count), WantedLogits.All);
            Model.Forward.Run(batch);
            for (int first = 0; first < count; first += ForwardPass.LogitRows)
            {
                int rows = Math.Min(ForwardPass.LogitRows, count - first);
                Model.Forward.Logits(first, rows).CopyTo(logits.AsSpan((done + first) * vocabulary));
            }

            done += count;
        }

        return logits;
    }

    public void Dispose()
    {
        Model.Dispose();
        file.Dispose();
    }
}
