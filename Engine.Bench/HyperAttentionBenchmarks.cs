using BenchmarkDotNet.Attributes;
using Engine.Attention;
using Engine.Attention.Hyper;
using Engine.Isa;

namespace Engine.Bench;

/// <summary>HyperAttention of one causal head of 64 elements on one thread, and exact attention by the same code, which
/// is what a leaf as long as the prompt comes to.</summary>
public class HyperAttentionBenchmarks
{
    private LayerMemory memory = null!;
    private HyperPlanes planes = null!;
    private HyperLayer buckets = null!, diagonals = null!, exact = null!;

    [Params(4096, 16384)]
    public int Positions { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        InstructionSet isa = Claim.Check();
        HyperAttention kernel = HyperAttention.For(isa);
        Claim.CheckVectors(isa, kernel);
        Claim.CheckVectors(isa, kernel.Exact);
        memory = new LayerMemory(Positions, 64);
        var settings = new HyperSettings();
        planes = new HyperPlanes(settings.Hyperplanes, memory.Dimension, settings.Seed);
        buckets = Layer(settings);
        diagonals = Layer(settings with { Choice = KeyChoiceKind.Diagonals });
        exact = Layer(settings with { Leaf = Positions });

        HyperLayer Layer(HyperSettings of) =>
            new(kernel, of, planes, causal: true, Positions, Positions, memory.Dimension, workers: 1);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        foreach (IDisposable one in (IDisposable[])[buckets, diagonals, exact, planes, memory]) one.Dispose();
    }

    [Benchmark]
    public void Buckets() => Run(buckets);

    [Benchmark]
    public void Diagonals() => Run(diagonals);

    [Benchmark]
    public void Exact() => Run(exact);

    private void Run(HyperLayer layer)
    {
        layer.Begin(memory.Input());
        layer.Run();
    }
}
