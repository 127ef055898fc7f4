using BenchmarkDotNet.Attributes;
using Engine.Sampling;

namespace Engine.Bench;

/// <summary>Choosing one token from the logits of a large vocabulary.</summary>
public class SamplingBenchmarks : IMeasuredWork
{
    private const int Vocabulary = 128_256, History = 4096;
    private readonly float[] fresh = new float[Vocabulary], logits = new float[Vocabulary];
    private readonly Sampler greedy = Create(SamplingOptions.Greedy);
    private readonly Sampler usual = Create(new SamplingOptions { Seed = 1 });
    private readonly Sampler penalised = Create(new SamplingOptions { Seed = 1, RepetitionPenalty = 1.1f });
    private readonly Sampler all = Create(
        new SamplingOptions { Seed = 1, Temperature = 1, TopK = 0, TopP = 1, MinP = 0 });

    private readonly Sampler nucleus = Create(new SamplingOptions { Seed = 1, TopK = 0, MinP = 0 });

    [GlobalSetup]
    public void Setup()
    {
        Claim.Check();
        var random = new Random(1);
        // Normal, with the deviation that logits of language models have.
        for (int i = 0; i < Vocabulary; i++)
            fresh[i] = (float)(3 * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()))
                * Math.Cos(2 * Math.PI * random.NextDouble()));
        for (int i = 0; i < 64; i++) penalised.Accept(random.Next(Vocabulary));
        foreach (Func<int> choose in (Func<int>[])[Greedy, Usual, UsualWithPenalties, EveryToken, Nucleus])
            Claim.CheckAllocation(() => choose());
    }

    [Benchmark]
    public int Greedy() => Sample(greedy);

    /// <summary>The defaults: top-k 40, top-p 0.95, min-p 0.05.</summary>
    [Benchmark]
    public int Usual() => Sample(usual);

    [Benchmark]
    public int UsualWithPenalties() => Sample(penalised);

    /// <summary>No filter: a draw from all.</summary>
    [Benchmark]
    public int EveryToken() => Sample(all);

    /// <summary>Top-p 0.95 of all.</summary>
    [Benchmark]
    public int Nucleus() => Sample(nucleus);

    Work IMeasuredWork.WorkOf(string method) => new(Vocabulary * sizeof(float), 0);

    private static Sampler Create(SamplingOptions options) => new(options, Vocabulary, History);

    // A copy, as penalties change the logits; it is some microseconds of each figure.
    private int Sample(Sampler sampler)
    {
        fresh.CopyTo(logits, 0);
        return sampler.Sample(logits);
    }
}
