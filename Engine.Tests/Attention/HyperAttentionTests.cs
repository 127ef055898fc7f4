using Engine.Attention.Hyper;
using Engine.Isa;
using Engine.Tests.Kernels;
using Engine.Threading;
using Engine.Transformer;

namespace Engine.Tests.Attention;

/// <summary>What must hold of HyperAttention whatever the numbers; the shortcut that makes small nodes exact is off.
/// </summary>
[TestClass]
public sealed class HyperAttentionTests
{
    private static readonly HyperSettings Small = new()
    {
        Block = 32, Samples = 32, Leaf = 64, Sinks = 0, BandBlocks = 0, ExactWhereSmall = false,
    };

    public static IEnumerable<object[]> Sets => FloatSets.Names;

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void ABlockThatHoldsEveryKeyIsExact(string set)
    {
        HyperAttention kernel = FloatSets.Hyper(set);
        foreach (bool causal in (bool[])[false, true])
        {
            foreach (bool own in (bool[])[false, true])
            {
                using var test = new HyperCase(203, 1);
                test.Run(kernel, Small with { Block = 256, Samples = 0, OwnBucket = own }, causal);
                AssertExact(test, causal);
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void EveryKeySampledOnceWithoutBlocksIsExact(string set)
    {
        HyperAttention kernel = FloatSets.Hyper(set);
        using var test = new HyperCase(200, 2);
        test.Run(kernel, Small with { Block = 0, Samples = 200 }, causal: false,
            range => [.. Enumerable.Range(0, range.Keys)]);
        AssertExact(test, causal: false);
    }

    /// <remarks>300 seeds; the deviation of one estimate is some 0.15 of the denominator for a query, so the mean over
    /// seeds and 256 queries, which share samples, must lie within 1 %.</remarks>
    [TestMethod]
    public void TheDenominatorIsUnbiased()
    {
        const int Seeds = 300;
        var kernel = HyperAttention.For(InstructionSets.Best);
        using var test = new HyperCase(256, 3);
        double[] exact = [.. Enumerable.Range(0, 256).Select(query => test.Reference(query, false).Sum)];
        double ratio = 0, worst = 0;
        for (ulong seed = 1; seed <= Seeds; seed++)
        {
            test.Run(kernel, Small with { Seed = seed }, causal: false);
            double mean = 0;
            for (int query = 0; query < 256; query++) mean += Math.Exp(test.Sums[query] - exact[query]) / 256;
            ratio += mean / Seeds;
            worst = Math.Max(worst, Math.Abs(mean - 1));
        }

        Assert.AreEqual(1, ratio, 0.01);
        Assert.IsGreaterThan(0.01, worst, "a single estimate is not as good, or this tests nothing");
    }

    [TestMethod]
    public void OneAndTwoThreadsGiveTheSameBits()
    {
        var kernel = HyperAttention.For(InstructionSets.Best);
        foreach (HyperSettings settings in (HyperSettings[])[Small, Small with { BandBlocks = 1, OwnBucket = true }])
        {
            using var one = new HyperCase(1000, 4);
            one.Run(kernel, settings, causal: true);
            float[] expected = one.Output.ToArray();
            one.Output.Fill(float.NaN);
            using var team = new WorkerTeam(2);
            using var planes = new HyperPlanes(7, HyperCase.Dimension, settings.Seed);
            using var layer = new HyperLayer(kernel, settings, planes, true, 1000, 1000, HyperCase.Dimension, 2);
            layer.Begin(one.Input());
            new AttentionLayerRun(team).RunHyper(layer);
            CollectionAssert.AreEqual(expected, one.Output.ToArray());
        }
    }

    [TestMethod]
    public unsafe void SinksKeepAHeadThatLooksAtTheFirstKey()
    {
        var kernel = HyperAttention.For(InstructionSets.Best);
        using var test = new HyperCase(512, 5);
        // The score of key 0 is ln(n) + 4: some 98 % of the mass beside keys whose mean weight is about 1.6.
        for (int row = 0; row < 512; row++)
        {
            test.Queries[row * HyperCase.Dimension] = MathF.Sqrt(HyperCase.Dimension);
            test.Keys[row * HyperCase.Dimension] = 0;
        }

        test.Keys[0] = MathF.Log(512) + 4.4f;
        test.Run(kernel, Small with { Sinks = 16, BandBlocks = 1, OwnBucket = true }, causal: true);
        Assert.IsLessThan(0.3, test.RelativeError(causal: true));
        test.Run(kernel, Small, causal: true);
        Assert.IsGreaterThan(0.3, test.RelativeError(causal: true), "the head needs its sinks, or this tests nothing");
    }

    [TestMethod]
    public void EveryInstructionSetAgreesWithScalarCode()
    {
        foreach (InstructionSet isa in InstructionSets.Supported)
        {
            foreach (var check in HyperChecks.All) Assert.IsNull(check.Find(isa), $"{isa} {check.Name}");
        }
    }

    [TestMethod]
    public void RunsCoverThePrefixOnce()
    {
        for (int block = 0; block < 200; block++)
        {
            foreach (int band in (int[])[0, 1, 3])
            {
                int at = 0;
                for (int run = 0; HyperPlan.PrefixRun(block, band, run, out int first, out int end); run++)
                {
                    Assert.AreEqual(at, first, "without a gap");
                    Assert.AreEqual(0, first % (end - first), "aligned to its length");
                    at = end;
                }

                Assert.AreEqual(Math.Max(0, block - band), at);
            }
        }
    }

    /// <remarks>Each chunk of 64 queries has one block of 64 keys that it looks at; in every other way these are the
    /// same numbers, so the sample alone finds little of it.</remarks>
    [TestMethod]
    [DynamicData(nameof(Sets))]
    public unsafe void DiagonalsFindBlocksOfNeighbours(string set)
    {
        HyperAttention kernel = FloatSets.Hyper(set);
        using var test = new HyperCase(1024, 13);
        for (int row = 0; row < 1024; row++)
        {
            int chunk = row / 64;
            // Queries of chunk c and keys of block 7 c mod 16 share a direction.
            test.Queries[(row * HyperCase.Dimension) + chunk] += 8;
            test.Keys[(row * HyperCase.Dimension) + (chunk * 7 % 16)] += 6;
        }

        HyperSettings settings = Small with { Block = 64, Samples = 64, Choice = KeyChoiceKind.Diagonals };
        test.Run(kernel, settings, causal: false);
        Assert.IsLessThan(0.3, test.RelativeError(causal: false));
        test.Run(kernel, settings with { Block = 0, Samples = 128 }, causal: false);
        Assert.IsGreaterThan(0.3, test.RelativeError(causal: false), "a sample is not enough, or this tests nothing");
        test.Run(kernel, settings with { Block = 1024, Samples = 0 }, causal: true);
        AssertExact(test, causal: true);
    }

    [TestMethod]
    public void ErrorsFallWithTheBudget()
    {
        var kernel = HyperAttention.For(InstructionSets.Best);
        using var test = new HyperCase(1024, 6);
        double before = double.PositiveInfinity;
        foreach (int budget in (int[])[16, 64, 256])
        {
            test.Run(kernel, Small with { Block = budget, Samples = budget }, causal: false);
            double error = test.RelativeError(causal: false);
            Assert.IsLessThan(before, error);
            before = error;
        }
    }

    private static void AssertExact(HyperCase test, bool causal)
    {
        for (int query = 0; query < test.Count; query++)
        {
            (double[] output, double sum) = test.Reference(query, causal);
            Assert.AreEqual(sum, test.Sums[query], 1e-5, $"query {query}");
            for (int k = 0; k < HyperCase.Dimension; k++)
                Assert.AreEqual(output[k], test.Output[(query * HyperCase.Dimension) + k], 1e-5, $"query {query}");
        }
    }
}
