using Engine.Isa;

namespace Engine.Tests.Transformer;

/// <summary>Every model of the kit reproduces its reference logits, however its tokens are cut into calls.</summary>
[TestClass]
public sealed class ConformanceTests
{
    private static readonly Dictionary<string, int[]> Cuts = new()
    {
        ["whole"] = [int.MaxValue],
        ["ragged"] = [7, 1, 13, 2, 30, 5],
        ["token by token"] = [1],
    };

    public static IEnumerable<object[]> Models => ConformanceModel.Names.Select(name => new object[] { name });

    public static IEnumerable<object[]> InstructionSetRows =>
        Enum.GetValues<InstructionSet>().Select(isa => new object[] { isa });

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void Logits_equal_the_reference_at_one_and_two_threads(string name)
    {
        ConformanceModel model = ConformanceModel.Load(name);
        using var one = new Runner(model.Path, threads: 1);
        using var two = new Runner(model.Path, threads: 2);
        foreach ((string cut, int[] runs) in Cuts)
        {
            float[] logits = one.Logits(model.Tokens, runs);
            AssertClose(model, logits, $"{name}, {cut}");
            CollectionAssert.AreEqual(logits, two.Logits(model.Tokens, runs), $"{name}, {cut}: two threads differ");
        }
    }

    [TestMethod]
    [DynamicData(nameof(InstructionSetRows))]
    public void Every_instruction_set_reproduces_every_architecture(InstructionSet isa)
    {
        if (!InstructionSets.IsSupported(isa)) Assert.Inconclusive($"{isa} is not available here");
        foreach (string name in ConformanceModel.Names)
        {
            ConformanceModel model = ConformanceModel.Load(name);
            using var runner = new Runner(model.Path, isa: isa);
            Assert.AreEqual(isa, runner.Model.Kernels.InstructionSet);
            AssertClose(model, runner.Logits(model.Tokens, [24]), $"{name} on {isa}");
        }
    }

    internal static void AssertClose(ConformanceModel model, float[] logits, string what)
    {
        float worst = 0;
        int at = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            float error = Math.Abs(logits[i] - model.Logits[i]);
            if (error <= worst) continue;
            if (float.IsNaN(error)) Assert.Fail($"{what}: NaN");
            worst = error;
            at = i;
        }

        foreach (float logit in logits) Assert.IsFalse(float.IsNaN(logit), $"{what}: NaN");
        Assert.IsLessThanOrEqualTo(model.Tolerance, worst,
            $"{what}: off by {worst} at position {at / model.Vocabulary}, token {at % model.Vocabulary}");
    }
}
