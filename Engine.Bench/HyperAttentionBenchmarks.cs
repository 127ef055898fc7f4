using BenchmarkDotNet.Attributes;
using Engine.Attention.Hyper;
using Engine.Cli;
using Engine.Isa;

namespace Engine.Bench;

/// <summary>HyperAttention of one causal head of 64 elements on one thread, and exact attention by the same code, which
/// is what a leaf as long as the prompt comes to.</summary>
public class HyperAttentionBenchmarks
{
    private LayerInputs inputs = null!;
    private HyperRun buckets = null!, diagonals = null!, exact = null!;

    [Params(4096, 16384)]
    public int Positions { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        InstructionSet isa = Claim.Check();
        HyperAttention kernel = HyperAttention.For(isa);
        Claim.CheckVectors(isa, kernel);
        Claim.CheckVectors(isa, kernel.Exact);
        var what = new LayerCase(LayerSource.Open("gaussian"), Positions, Causal: true, []);
        inputs = new LayerInputs(Positions);
        what.Source.Fill(inputs, 0);
        var settings = new HyperSettings();
        buckets = Open(settings);
        diagonals = Open(settings with { Choice = KeyChoiceKind.Diagonals });
        exact = Open(settings with { Leaf = Positions });

        HyperRun Open(HyperSettings of) => new(kernel, what, of, inputs, workers: 1);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        foreach (IDisposable one in (IDisposable[])[buckets, diagonals, exact, inputs]) one.Dispose();
    }

    [Benchmark]
    public void Buckets() => Run(buckets);

    [Benchmark]
    public void Diagonals() => Run(diagonals);

    [Benchmark]
    public void Exact() => Run(exact);

    private static void Run(HyperRun run)
    {
        run.Begin(0);
        run.Layer.Run();
    }
}
