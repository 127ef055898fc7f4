using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using Engine.Formats;
using Engine.Isa;
using Engine.Kernels;

namespace Engine.Bench;

/// <summary>Linear kernels, one thread: a format on an instruction set for one token (bound by reading weights) and
/// for many (bound by multiplying).</summary>
[Config(typeof(Speeds))]
public class LinearBenchmarks
{
    internal const int Rows = 4096, Width = 2048;
    private LinearKernel kernel = null!;
    private LinearCase data = null!;
    private float[] output = null!;

    public static IEnumerable<InstructionSet> Sets => InstructionSets.Supported;

    [ParamsSource(nameof(Sets))]
    public InstructionSet Isa { get; set; }

    [Params(WeightType.Q4_0, WeightType.Q4_1, WeightType.Q5_0, WeightType.Q5_1, WeightType.Q8_0, WeightType.IQ4_NL,
        WeightType.MXFP4, WeightType.Q2_K, WeightType.Q3_K, WeightType.Q4_K, WeightType.Q5_K, WeightType.Q6_K,
        WeightType.IQ4_XS)]
    public WeightType Type { get; set; }

    /// <summary>Rows as GGUF has them, or packed.</summary>
    [Params(false, true)]
    public bool Packed { get; set; }

    [Params(1, 256)]
    public int Tokens { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        kernel = Packed ? KernelSet.For(Isa).PackedLinear(Type) : KernelSet.For(Isa).Linear(Type);
        string cell = $"{Type} {InstructionSets.NameOf(Isa)} {(Packed ? "packed " : "")}";
        if (!kernel.Name.StartsWith(cell, StringComparison.Ordinal))
            throw new InvalidOperationException($"{cell}was asked for, {kernel.Name} would be measured");
        data = new LinearCase(Type, LinearCaseKind.Random, Rows, Width, Tokens, 0, null, Packed);
        output = new float[Rows * Tokens];
    }

    [GlobalCleanup]
    public void Cleanup() => data.Dispose();

    [Benchmark]
    public void Multiply() => data.Run(kernel, Tokens, Rows, output);

    /// <summary>Speed and allocation beside the time.</summary>
    private sealed class Speeds : ManualConfig
    {
        public Speeds()
        {
            AddJob(Job.ShortRun);
            AddDiagnoser(MemoryDiagnoser.Default);
            AddColumn(
                new RateColumn("GB/s", (type, _) => (double)WeightFormats.Get(type).BytesOf((long)Rows * Width)),
                new RateColumn("GMAC/s", (_, tokens) => (double)Rows * Width * tokens));
        }
    }
}
