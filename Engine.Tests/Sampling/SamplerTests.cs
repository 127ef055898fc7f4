using System.Diagnostics;
using System.Runtime.Intrinsics;
using Engine.Sampling;

namespace Engine.Tests.Sampling;

[TestClass]
public sealed class SamplerTests
{
    /// <summary>Nothing but the softmax.</summary>
    private static readonly SamplingOptions Plain =
        new() { Temperature = 1, TopK = 0, TopP = 1, MinP = 0, TypicalP = 1, Seed = 1 };

    [TestMethod]
    public void TheGeneratorIsTheOneThatIsDocumented()
    {
        // SplitMix64 from 0 gives 0xE220A8397B1DCDAF and then 0x6E789E6AA1B965F4 (its authors' reference), and
        // xoshiro256** answers with its second word times 5, rotated by 7, times 9.
        var random = new RandomSequence(0);
        ulong expected = unchecked(ulong.RotateLeft(0x6E789E6AA1B965F4UL * 5, 7) * 9);
        Assert.AreEqual(expected, random.Next());
        for (int i = 0; i < 1000; i++) Assert.IsTrue(random.NextDouble() is >= 0 and < 1);
    }

    [TestMethod]
    [DataRow(1f)]
    [DataRow(0.5f)]
    [DataRow(3f)]
    public void DrawsFollowTheSoftmax(float temperature)
    {
        float[] logits = [2, 0, -1, 1.5f, float.NegativeInfinity, 2, -3, 0.25f, 1, -20, float.NaN];
        double[] weights = [.. logits.Select(logit => float.IsNaN(logit) ? 0 : Math.Exp(logit / temperature))];
        const int Draws = 40_000;
        int[] counts = Counts(Plain with { Temperature = temperature }, logits, Draws);
        double chiSquare = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            double expected = Draws * weights[i] / weights.Sum();
            if (expected < 5) Assert.IsLessThan(25, counts[i]);
            else chiSquare += (counts[i] - expected) * (counts[i] - expected) / expected;
        }

        // Nine or ten outcomes: a fair sampler exceeds 40 once in 100,000 seeds, and this one is fixed.
        Assert.IsLessThan(40, chiSquare);
        Assert.AreEqual(0, counts[4]);
        Assert.AreEqual(0, counts[10]);
    }

    [TestMethod]
    [DataRow(1, "3")]
    [DataRow(2, "1 3")]
    [DataRow(3, "1 3 4")]
    [DataRow(4, "0 1 3 4")]
    [DataRow(99, "0 1 2 3 4 5")]
    public void TopKKeepsTheFirstOfEquals(int k, string kept) =>
        AssertKept(Plain with { TopK = k, Temperature = 100 }, [1, 2, 0.5f, 3, 2, 0.5f], kept);

    [TestMethod]
    [DataRow(0f, "1")]
    [DataRow(0.39f, "1")]
    [DataRow(0.45f, "1 3")]
    [DataRow(0.69f, "1 3")]
    [DataRow(0.75f, "0 1 3")]
    [DataRow(0.9f, "0 1 3 4")]
    [DataRow(0.99f, "0 1 2 3 4")]
    public void TopPKeepsTheFewestThatReachIt(float p, string kept) =>
        AssertKept(Plain with { TopP = p, Temperature = 3 }, Logs(0.15, 0.4, 0.05, 0.3, 0.1, 0), kept);

    [TestMethod]
    [DataRow(1f, "1")]
    [DataRow(0.74f, "1 3")]
    [DataRow(0.37f, "1 3 4")]
    [DataRow(0.2f, "0 1 3 4")]
    [DataRow(0.01f, "0 1 2 3 4")]
    public void MinPKeepsThoseNearTheBest(float p, string kept) =>
        AssertKept(Plain with { MinP = p, Temperature = 3 }, Logs(0.1, 0.4, 0.05, 0.3, 0.15, 0), kept);

    [TestMethod]
    [DataRow(0.05f, "1")]
    [DataRow(0.25f, "1 2")]
    [DataRow(0.5f, "0 1 2")]
    [DataRow(0.99f, "0 1 2 3")]
    public void TypicalKeepsThoseNearTheExpectedSurprise(float p, string kept)
    {
        // Shares 0.5, 0.2, 0.2, 0.1: entropy 1.2206; distances 0.527, 0.389, 0.389, 1.082.
        AssertKept(Plain with { TypicalP = p, Temperature = 3 }, Logs(0.5, 0.2, 0.2, 0.1), kept);
    }

    [TestMethod]
    public void FiltersRunInTheirOrder()
    {
        // After top-k 2 the shares are 4/7 and 3/7, so top-p 0.5 keeps one; of all five it would have kept two.
        float[] logits = Logs(0.4, 0.3, 0.1, 0.1, 0.1);
        AssertKept(Plain with { TopK = 2, TopP = 0.5f }, logits, "0");
        AssertKept(Plain with { TopP = 0.5f }, logits, "0 1");

        // The filters see temperature 1: a high one flattens only what they left.
        AssertKept(Plain with { TopP = 0.5f, Temperature = 50 }, logits, "0 1");
    }

    [TestMethod]
    public void PenaltiesCountTheRecentTokens()
    {
        SamplingOptions options = SamplingOptions.Greedy with
        {
            RepetitionPenalty = 2, FrequencyPenalty = 0.5f, PresencePenalty = 0.25f, RepeatLastN = 4,
        };
        var sampler = new Sampler(options, 4, 100);
        foreach (int token in (int[])[3, 3, 0, 1, 1, 0]) sampler.Accept(token);
        float[] logits = [4, -4, 1, 1];
        Assert.AreEqual(2, sampler.Sample(logits));

        // The window holds 0, 1, 1, 0: token 3 is out of it.
        CollectionAssert.AreEqual(new float[] { 2 - 1 - 0.25f, -8 - 1 - 0.25f, 1, 1 }, logits);
        logits = [4, -4, 1, 1];
        sampler.Sample(logits);
        CollectionAssert.AreEqual(new float[] { 0.75f, -9.25f, 1, 1 }, logits, "counts survive a penalty");
        sampler.Reset();
        logits = [4, -4, 1, 1];
        Assert.AreEqual(0, sampler.Sample(logits));
        CollectionAssert.AreEqual(new float[] { 4, -4, 1, 1 }, logits);
    }

    [TestMethod]
    public void AllHistoryCountsWhereAsked()
    {
        SamplingOptions options = SamplingOptions.Greedy with { PresencePenalty = 10, RepeatLastN = -1 };
        var sampler = new Sampler(options, 3, 3);
        foreach (int token in (int[])[2, 1, 1, 1]) sampler.Accept(token);
        float[] logits = [0, 1, 2];
        Assert.AreEqual(2, sampler.Sample(logits), "the context has three places, so token 2 has left");
    }

    [TestMethod]
    public void BiasForbidsAndForces()
    {
        var bias = new Dictionary<int, float> { [1] = float.NegativeInfinity, [2] = 1.5f };
        var sampler = new Sampler(SamplingOptions.Greedy with { LogitBias = bias }, 4, 0);
        Assert.AreEqual(2, sampler.Sample([1, 9, 0, 0.5f]));
        bias = new Dictionary<int, float> { [3] = float.PositiveInfinity };
        AssertKept(Plain with { LogitBias = bias, Temperature = 9 }, [1, 2, 3, -4], "3");
    }

    [TestMethod]
    public void GreedyTakesTheFirstOfTheLargest()
    {
        for (int count = 1; count < 40; count++)
        {
            var sampler = new Sampler(SamplingOptions.Greedy, count, 0);
            for (int best = 0; best < count; best++)
            {
                float[] logits = [.. Enumerable.Repeat(-1f, count)];
                logits[0] = float.NaN;
                logits[best] = 5;
                logits[^1] = 5;
                Assert.AreEqual(best, sampler.Sample(logits));
            }
        }
    }

    [TestMethod]
    public void LogitsWithoutAChoiceAreRefused()
    {
        foreach (SamplingOptions options in (SamplingOptions[])[SamplingOptions.Greedy, Plain, new SamplingOptions()])
        {
            var sampler = new Sampler(options, 9, 0);
            float[] none = [.. Enumerable.Repeat(float.NegativeInfinity, 9)];
            none[4] = float.NaN;
            Assert.ThrowsExactly<ModelFormatException>(() => sampler.Sample(none));
            none[7] = float.MinValue;
            Assert.AreEqual(7, sampler.Sample(none));
            none[8] = float.PositiveInfinity;
            Assert.AreEqual(8, sampler.Sample(none));
            Assert.ThrowsExactly<ArgumentException>(() => sampler.Sample(new float[8]));
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => sampler.Accept(9));
        }
    }

    [TestMethod]
    [DataRow(1e-40f)]
    [DataRow(1e30f)]
    public void ExtremeTemperaturesStayInRange(float temperature)
    {
        int[] counts = Counts(Plain with { Temperature = temperature }, [1, 2, float.MaxValue, 0], 1000);
        Assert.AreEqual(1000, counts[2] + (temperature > 1 ? counts[0] + counts[1] + counts[3] : 0));
    }

    [TestMethod]
    public void ASeedGivesOneSequence()
    {
        float[] logits = RandomLogits(1000, 3, seed: 5);
        var options = new SamplingOptions { Seed = 42 };
        int[] first = Sequence(new Sampler(options, 1000, 64), logits, 200);
        var again = new Sampler(options, 1000, 64);
        CollectionAssert.AreEqual(first, Sequence(again, logits, 200));
        again.Reset();
        CollectionAssert.AreEqual(first, Sequence(again, logits, 200));
        CollectionAssert.AreNotEqual(first, Sequence(new Sampler(options with { Seed = 43 }, 1000, 64), logits, 200));
        var fresh = new Sampler(options with { Seed = null }, 1000, 64);
        int[] drawn = Sequence(fresh, logits, 200);
        CollectionAssert.AreEqual(
            drawn, Sequence(new Sampler(options with { Seed = fresh.Seed }, 1000, 64), logits, 200));
    }

    [TestMethod]
    [DataRow(0, 0.9f, 0f, 1f, 1f)]
    [DataRow(0, 0.999f, 0f, 0.9f, 0.7f)]
    [DataRow(7, 0.95f, 0.05f, 1f, 0.8f)]
    [DataRow(1024, 0.5f, 0f, 1f, 1.3f)]
    [DataRow(1025, 0.97f, 0f, 0.95f, 1f)]
    [DataRow(3000, 1f, 0.01f, 0.5f, 1f)]
    public void LargeVocabulariesAgreeWithAPlainComputation(
        int topK, float topP, float minP, float typicalP, float temperature)
    {
        SamplingOptions options = Plain with
        {
            TopK = topK, TopP = topP, MinP = minP, TypicalP = typicalP, Temperature = temperature,
        };
        for (int seed = 0; seed < 20; seed++)
        {
            int count = 3001 + seed;
            float[] logits = RandomLogits(count, 0.5f + (seed * 0.3f), seed);
            Dictionary<int, double> expected = SamplerReference.Distribution(logits, options);
            var sampler = new Sampler(options with { Seed = (ulong)seed }, count, 0);
            var random = new RandomSequence((ulong)seed);
            for (int draw = 0; draw < 50; draw++)
            {
                int token = sampler.Sample(logits);
                double point = random.NextDouble();
                Assert.IsTrue(SamplerReference.Holds(expected, token, point), $"seed {seed} draw {draw}");
            }
        }
    }

    [TestMethod]
    public void ExponentialsAreAccurate()
    {
        double worst = 0;
        for (float x = -86.9f; x <= 0; x += 0.0137f)
        {
            double exact = Math.Exp(x);
            worst = Math.Max(worst, Math.Abs(Softmax.Exp(Vector256.Create(x))[0] - exact) / exact);
        }

        Assert.IsLessThan(4e-7, worst);
        Assert.AreEqual(1f, Softmax.Exp(Vector256<float>.Zero)[0]);
        Assert.AreEqual(0f, Softmax.Exp(Vector256.Create(float.NegativeInfinity))[0]);
    }

    [TestMethod]
    public void NothingIsAllocatedAndItIsQuick()
    {
        const int Count = 50_000;
        float[] logits = RandomLogits(Count, 3, seed: 3);
        SamplingOptions[] all =
        [
            new() { RepetitionPenalty = 1.1f }, SamplingOptions.Greedy, Plain, Plain with { TopP = 0.9f },
            Plain with { TopK = 2000, MinP = 0.02f }, Plain with { TypicalP = 0.9f },
        ];
        foreach (SamplingOptions options in all)
        {
            var sampler = new Sampler(options, Count, 256);
            for (int i = 0; i < 300; i++) sampler.Accept(sampler.Sample(logits));
            long before = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < 1000; i++) sampler.Accept(sampler.Sample(logits));
            TimeSpan time = Stopwatch.GetElapsedTime(start);
            Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before, options.ToString());
            Console.WriteLine($"{time.TotalMicroseconds / 1000:F1} µs {options}");
            Assert.IsLessThan(20, time.TotalMilliseconds / 1000, "milliseconds a token, on a busy machine");
        }
    }

    private static void AssertKept(SamplingOptions options, float[] logits, string expected)
    {
        int[] counts = Counts(options, logits, 2000);
        IEnumerable<int> kept = Enumerable.Range(0, logits.Length).Where(token => counts[token] > 0);
        Assert.AreEqual(expected, string.Join(' ', kept));
    }

    private static int[] Counts(SamplingOptions options, float[] logits, int draws)
    {
        var sampler = new Sampler(options, logits.Length, 0);
        var counts = new int[logits.Length];
        for (int i = 0; i < draws; i++) counts[sampler.Sample([.. logits])]++;
        return counts;
    }

    private static int[] Sequence(Sampler sampler, float[] logits, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => sampler.Sample([.. logits]))];

    private static float[] Logs(params double[] shares) => [.. shares.Select(share => (float)Math.Log(share))];

    private static float[] RandomLogits(int count, float deviation, int seed)
    {
        var random = new Random(seed);
        var logits = new float[count];
        for (int i = 0; i < count; i++)
        {
            double radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            double normal = radius * Math.Cos(Math.Tau * random.NextDouble());

            // Coarse steps make equal logits, which the filters have to order.
            logits[i] = MathF.Round((float)normal * deviation * 16) / 16;
        }

        return logits;
    }
}
