using System.Diagnostics;
using Engine.Cli;

namespace Engine.Tests.Cli;

/// <summary>The measure of memory that decode speed is held against.</summary>
[TestClass]
public sealed class ReadBandwidthTests
{
    [TestMethod]
    [DataRow(8, 1)]
    [DataRow(1000, 3)]
    [DataRow((1 << 18) - 8, 2)]
    [DataRow(1 << 18, 2)]
    [DataRow((5 << 18) + 24, 2)]
    [DataRow(9_999_999, 7)]
    public void Every_element_is_read_once_a_pass(int bytes, int threads)
    {
        using var bandwidth = new ReadBandwidth(bytes, threads);
        ulong count = (ulong)bandwidth.Count;
        Assert.AreEqual((ulong)bytes / 8, count);
        for (int repetition = 0; repetition < 3; repetition++)
        {
            double rate = bandwidth.Measure();
            Assert.AreEqual(count * (count - 1) / 2, bandwidth.Checksum);
            Assert.IsTrue(rate > 0 && double.IsFinite(rate), $"{rate} bytes a second");
        }
    }

    /// <summary>More threads than cores, so that the caller is not woken before much of the work is done.</summary>
    [TestMethod]
    public void The_time_covers_the_work_of_all_threads()
    {
        int threads = 2 * Environment.ProcessorCount;
        long[] begins = new long[threads], ends = new long[threads];
        double seconds = ThreadTiming.Run(threads, index =>
        {
            begins[index] = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(begins[index]).TotalMilliseconds < 30)
            {
            }

            ends[index] = Stopwatch.GetTimestamp();
        });
        double work = Stopwatch.GetElapsedTime(begins.Min(), ends.Max()).TotalSeconds;
        Assert.IsTrue(seconds >= work, $"{seconds} s were measured for work from the first to the last of {work} s");
    }
}
