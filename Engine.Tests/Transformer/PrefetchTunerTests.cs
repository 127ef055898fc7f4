using Engine.Transformer;

namespace Engine.Tests.Transformer;

[TestClass]
public sealed class PrefetchTunerTests
{
    [TestMethod]
    [DataRow(4096, 90, 4096)]
    [DataRow(4096, 99, 0)]
    [DataRow(4096, 130, 0)]
    public void The_distance_that_clearly_wins_is_kept(int distance, int time, int expected)
    {
        var tuner = new PrefetchTuner();
        var tried = new HashSet<int>();
        for (int i = 0; i < 100; i++)
        {
            tried.Add(tuner.Bytes);
            // Now and then a step is disturbed.
            tuner.Record((tuner.Bytes == distance ? time : 100) * (i % 7 == 0 ? 300L : 100L));
        }

        Assert.IsGreaterThan(2, tried.Count);
        Assert.AreEqual(expected, tuner.Bytes);
    }
}
