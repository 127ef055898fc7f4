using System.Diagnostics;

namespace Engine.Cli;

/// <summary>Times work that several threads do side by side.</summary>
internal static class ThreadTiming
{
    /// <summary>Runs the work on fresh threads that start together.</summary>
    /// <param name="threads">Number of threads; <paramref name="work"/> gets the 0-based index.</param>
    /// <param name="work">Must not throw.</param>
    /// <returns>Seconds from the first thread's start to the last one's end.</returns>
    /// <remarks>Each thread takes its own times. The caller must not: where all cores are busy with the work, it is
    /// woken when a slice of it is over, up to the very end, and would find that nearly no time has passed.</remarks>
    public static double Run(int threads, Action<int> work)
    {
        long[] begins = new long[threads], ends = new long[threads];
        int ready = 0;
        var all = new Thread[threads];
        for (int i = 0; i < threads; i++)
        {
            int index = i;
            all[i] = new Thread(() =>
            {
                Interlocked.Increment(ref ready);
                var wait = new SpinWait();
                while (Volatile.Read(ref ready) < threads) wait.SpinOnce(sleep1Threshold: -1);
                long begin = Stopwatch.GetTimestamp();
                work(index);
                ends[index] = Stopwatch.GetTimestamp();
                begins[index] = begin;
            })
            { IsBackground = true };
            all[i].Start();
        }

        foreach (Thread thread in all) thread.Join();
        return Stopwatch.GetElapsedTime(begins.Min(), ends.Max()).TotalSeconds;
    }
}
