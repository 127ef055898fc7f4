using Engine.Formats;
using Engine.Tests.Gguf;
using Engine.Tests.Packing;
using Engine.Transformer;

namespace Engine.Tests.Transformer;

[TestClass]
public sealed class TeamTunerTests
{
    [TestMethod]
    [DataRow(60, 100, false)]
    [DataRow(99, 100, false)]
    [DataRow(230, 100, true)]
    public void The_faster_way_is_taken_and_the_other_seldom_tried(int together, int alone, bool expected)
    {
        var tuner = new TeamTuner();
        Assert.IsFalse(tuner.Alone, "a team until it is known better");
        Assert.IsLessThanOrEqualTo(expected ? 48 : 8, Count(tuner, 100, together, alone, alone: !expected));
        Assert.IsLessThanOrEqualTo(80, Count(tuner, 4000, together, alone, alone: !expected));
    }

    [TestMethod]
    public void A_neighbour_that_comes_and_goes_is_noticed()
    {
        var tuner = new TeamTuner();
        Count(tuner, 300, 60, 100, alone: true);
        Assert.IsLessThanOrEqualTo(50, Count(tuner, 2000, 230, 100, alone: false), "at once");
        Assert.IsLessThanOrEqualTo(340, Count(tuner, 4000, 60, 100, alone: true));
    }

    [TestMethod]
    public void The_caller_alone_gives_the_same_bits()
    {
        using var folder = new GgufFolder();
        int[] tokens = [.. Enumerable.Range(0, 100).Select(i => i * 37 % SmallModel.Vocabulary)];
        using var runner = new Runner(SmallModel.Write(folder["s.gguf"], WeightType.Q4_0), threads: 2);
        float[] together = runner.Logits(tokens, [1]);
        runner.Model.Forward.CallerAlone = true;
        CollectionAssert.AreEqual(together, runner.Logits(tokens, [1]));
        CollectionAssert.AreEqual(together[..SmallModel.Vocabulary], runner.Logits(tokens[..1], [1]));
    }

    /// <summary>Number of steps that are done alone, or by the team. Every ninth is disturbed.</summary>
    private static int Count(TeamTuner tuner, int steps, int together, int aloneTime, bool alone)
    {
        int count = 0;
        for (int i = 0; i < steps; i++)
        {
            if (tuner.Alone == alone) count++;
            tuner.Record((tuner.Alone ? aloneTime : together) * (i % 9 == 0 ? 1.02 : 1));
        }

        return count;
    }
}
