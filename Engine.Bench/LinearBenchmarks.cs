using BenchmarkDotNet.Attributes;
using Engine.Formats;
using Engine.Isa;
using Engine.Kernels;

namespace Engine.Bench;

/// <summary>The linear kernel of one format on one thread; a class for each format, order of the weights and number of
/// tokens derives.</summary>
public abstract class LinearBenchmark(WeightType type, bool packed) : IMeasuredWork
{
    internal const int Rows = 4096, Width = 2048;
    private readonly List<LinearCase> data = [];
    private LinearKernel kernel = null!;
    private float[] output = null!;

    /// <summary>Tokens that go through the matrix together.</summary>
    protected abstract int Tokens { get; }

    /// <summary>Matrices that one call goes through.</summary>
    protected abstract int Count { get; }

    [GlobalSetup]
    public void Setup()
    {
        InstructionSet isa = Claim.Check();
        KernelSet kernels = KernelSet.For(isa);
        kernel = packed ? kernels.PackedLinear(type) : kernels.Linear(type);
        Claim.CheckCell(isa, kernel, type, packed, Tokens);
        for (int i = 0; i < Count; i++)
            data.Add(new LinearCase(type, LinearCaseKind.Random, Rows, Width, Tokens, 0, null, packed));
        output = new float[Rows * Tokens];
        Claim.CheckAllocation(Multiply);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        foreach (LinearCase matrix in data) matrix.Dispose();
        data.Clear();
    }

    [Benchmark]
    public void Multiply()
    {
        foreach (LinearCase matrix in data) matrix.Run(kernel, Tokens, Rows, output);
    }

    Work IMeasuredWork.WorkOf(string method) => new(
        (double)Count * WeightFormats.Get(type).BytesOf((long)Rows * Width), (double)Count * Rows * Width * Tokens);
}

/// <summary>One token, as in a decode: bound by reading the weights.</summary>
public abstract class MatVec(WeightType type, bool packed = false) : LinearBenchmark(type, packed)
{
    /// <summary>One matrix stays in the third-level cache, eight come from memory.</summary>
    [Params(1, 8)]
    public int Matrices { get; set; }

    protected override int Tokens => 1;

    protected override int Count => Matrices;
}

/// <summary>Many tokens, as in a prompt: bound by multiplying.</summary>
public abstract class Tile(WeightType type, bool packed = false) : LinearBenchmark(type, packed)
{
    protected override int Tokens => 256;

    protected override int Count => 1;
}
