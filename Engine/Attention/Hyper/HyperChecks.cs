using Engine.Isa;
using Engine.Kernels;
using Engine.Memory;

namespace Engine.Attention.Hyper;

/// <summary>Checks of HyperAttention against its scalar kernel, from the same ranks and samples.</summary>
internal static unsafe class HyperChecks
{
    /// <summary>Error allowed to an output element; values are of the order of one.</summary>
    public const float Tolerance = 2e-5f;

    private const int Count = 301, Dimension = 46, Stride = 64;

    private static readonly HyperSettings Settings = new()
    {
        Block = 48, Samples = 33, Leaf = 40, Sinks = 5, BandBlocks = 0,
    };

    /// <summary>Causal by the recursion, causal by blocks with a band, and without mask.</summary>
    public static IEnumerable<SelfCheck> All =>
    [
        Check("recursion", Settings, causal: true),
        Check("band", Settings with { BandBlocks = 1, OwnBucket = true }, causal: true),
        Check("no mask", Settings, causal: false),
    ];

    private static SelfCheck Check(string name, HyperSettings settings, bool causal) =>
        new($"hyper attention, {name}", isa => Find(HyperAttention.For(isa), settings, causal));

    private static string? Find(HyperAttention kernel, HyperSettings settings, bool causal)
    {
        using var memory = new AlignedBuffer<float>(4 * Count * Stride);
        using var expected = new AlignedBuffer<float>(Count * Stride);
        ulong key = HyperRandom.Key(3, 0, 0);
        for (int row = 0; row < 3 * Count; row++)
        {
            for (int k = 0; k < Dimension; k++)
                memory.Pointer[(row * Stride) + k] = (float)HyperRandom.Gaussian(key, (row * Dimension) + k);
        }

        using var planes = new HyperPlanes(settings.Hyperplanes, Dimension, settings.Seed);
        HyperInput input = Input(memory.Pointer, expected.Pointer);
        using HyperLayer oracle = Layer(HyperAttention.For(InstructionSet.Scalar), settings, planes, causal);
        oracle.Begin(input);
        oracle.Run();
        input.Output = memory.Pointer + (3 * Count * Stride);
        using HyperLayer layer = Layer(kernel, settings, planes, causal);
        layer.Begin(input);
        layer.GiveRanks(oracle.QueryRanks, oracle.KeyRanks);
        layer.Run();
        for (int i = 0; i < Count * Stride; i++)
        {
            if (!(Math.Abs(input.Output[i] - expected.Pointer[i]) <= Tolerance))
                return $"row {i / Stride} element {i % Stride}: {input.Output[i]}, not {expected.Pointer[i]}";
        }

        return null;
    }

    private static HyperLayer Layer(HyperAttention kernel, HyperSettings settings, HyperPlanes planes, bool causal) =>
        new(kernel, settings, planes, causal, Count, Count, Dimension, workers: 1);

    private static HyperInput Input(float* memory, float* output) => new()
    {
        Queries = memory,
        QueryStride = Stride,
        Keys = memory + (Count * Stride),
        KeyStride = Stride,
        Values = memory + (2 * Count * Stride),
        ValueStride = Stride,
        ValueDimension = Dimension,
        Scale = 1 / MathF.Sqrt(Dimension),
        Output = output,
        OutputStride = Stride,
    };
}
