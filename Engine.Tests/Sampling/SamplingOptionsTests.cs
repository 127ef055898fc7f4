using Engine.Sampling;

namespace Engine.Tests.Sampling;

[TestClass]
public sealed class SamplingOptionsTests
{
    private static IEnumerable<(string Name, SamplingOptions Options)> Wrong =>
    [
        ("Temperature", new() { Temperature = float.NaN }),
        ("Temperature", new() { Temperature = float.PositiveInfinity }),
        ("TopK", new() { TopK = -1 }),
        ("TopP", new() { TopP = 1.01f }),
        ("TopP", new() { TopP = float.NaN }),
        ("MinP", new() { MinP = -0.1f }),
        ("TypicalP", new() { TypicalP = 0 }),
        ("RepetitionPenalty", new() { RepetitionPenalty = 0 }),
        ("RepetitionPenalty", new() { RepetitionPenalty = float.PositiveInfinity }),
        ("RepeatLastN", new() { RepeatLastN = -2 }),
        ("FrequencyPenalty", new() { FrequencyPenalty = float.NaN }),
        ("PresencePenalty", new() { PresencePenalty = float.NegativeInfinity }),
        ("LogitBias", new() { LogitBias = new Dictionary<int, float> { [-1] = 1 } }),
        ("LogitBias", new() { LogitBias = new Dictionary<int, float> { [1] = float.NaN } }),
        ("LogitBias", new() { LogitBias = new Dictionary<int, float> { [8] = 1 } }),
    ];

    [TestMethod]
    public void ValuesOutOfRangeAreNamed()
    {
        foreach ((string name, SamplingOptions options) in Wrong)
        {
            var exception = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new Sampler(options, 8, 8));
            Assert.AreEqual(name, exception.ParamName);
            Assert.Contains(name + ": expected", exception.Message);
        }
    }

    [TestMethod]
    public void DefaultsAndExtremesAreAllowed()
    {
        new SamplingOptions().Validate();
        SamplingOptions.Greedy.Validate();
        new SamplingOptions
        {
            Temperature = -1, TopK = int.MaxValue, TopP = 0, MinP = 1, TypicalP = 1e-6f, RepeatLastN = -1,
            LogitBias = new Dictionary<int, float> { [0] = float.NegativeInfinity, [1] = float.PositiveInfinity },
        }.Validate();
        Assert.IsTrue(SamplingOptions.Greedy.IsGreedy);
        Assert.IsFalse(new SamplingOptions().IsGreedy);
    }
}
