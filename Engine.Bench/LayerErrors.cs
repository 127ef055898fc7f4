using System.Globalization;
using Engine.Attention.Hyper;
using Engine.Isa;

namespace Engine.Bench;

/// <summary>Relative errors of approximations of one unmasked layer at equal budgets: HyperAttention by buckets, by
/// diagonals, and KDEformer. Run by <c>--layer-errors</c>.</summary>
internal static unsafe class LayerErrors
{
    /// <summary>Prints a table.</summary>
    public static void Run(int count, int dimension)
    {
        Console.WriteLine($"one head of {dimension} elements, {count} positions, no mask, normal numbers");
        Console.WriteLine("| block | sample | buckets | diagonals | KDEformer |");
        Console.WriteLine("|---|---|---|---|---|");
        using var memory = new LayerMemory(count, dimension);
        double[] exact = new KdeFormer(memory, new HyperSettings { Block = count, Samples = 1 })
            .Attend(new byte[count], new byte[count]);
        foreach (int budget in (int[])[64, 128, 256])
        {
            var settings = new HyperSettings { Block = budget, Samples = budget, Sinks = 0, BandBlocks = 0 };
            (double buckets, byte[] queryRanks, byte[] keyRanks) = Hyper(memory, settings, exact);
            (double diagonals, _, _) = Hyper(memory, settings with { Choice = KeyChoiceKind.Diagonals }, exact);
            double[] former = new KdeFormer(memory, settings).Attend(queryRanks, keyRanks);
            double error = Error(index => former[index], exact);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {budget} | {budget} | {buckets:F4} | {diagonals:F4} | {error:F4} |"));
        }
    }

    private static (double Error, byte[] QueryRanks, byte[] KeyRanks) Hyper(LayerMemory memory, HyperSettings settings,
        double[] exact)
    {
        using var planes = new HyperPlanes(settings.Hyperplanes, memory.Dimension, settings.Seed);
        using var layer = new HyperLayer(HyperAttention.For(InstructionSets.Best), settings, planes, causal: false,
            memory.Count, memory.Count, memory.Dimension, workers: 1);
        layer.Begin(memory.Input());
        layer.Run();
        return (Error(index => memory.Output[index], exact), layer.QueryRanks.ToArray(), layer.KeyRanks.ToArray());
    }

    private static double Error(Func<int, double> found, double[] exact)
    {
        double difference = 0, norm = 0;
        for (int i = 0; i < exact.Length; i++)
        {
            difference += Math.Pow(found(i) - exact[i], 2);
            norm += exact[i] * exact[i];
        }

        return Math.Sqrt(difference / norm);
    }
}
