using System.Diagnostics;
using System.Numerics;
using Engine.Memory;

namespace Engine.Cli;

/// <summary>How fast threads read a buffer: the bound of a decode, which reads its weights once.</summary>
internal sealed unsafe class ReadBandwidth(long bytes, int threads) : IDisposable
{
    private readonly AlignedBuffer<ulong> buffer = Touched(bytes);
    private ulong sum;

    /// <summary>Reads the buffer once, an equal part on each thread.</summary>
    /// <returns>Bytes per second, from a common start to the end of the slowest.</returns>
    public double Measure()
    {
        using var start = new Barrier(threads + 1);
        using var end = new Barrier(threads + 1);
        var workers = new Thread[threads];
        for (int i = 0; i < threads; i++)
        {
            int part = i;
            workers[i] = new Thread(() => Read(part, start, end)) { IsBackground = true };
            workers[i].Start();
        }

        start.SignalAndWait();
        long begin = Stopwatch.GetTimestamp();
        end.SignalAndWait();
        double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        foreach (Thread worker in workers) worker.Join();
        return buffer.Count * sizeof(ulong) / seconds;
    }

    public void Dispose() => buffer.Dispose();

    private static AlignedBuffer<ulong> Touched(long bytes)
    {
        var buffer = new AlignedBuffer<ulong>((nint)Math.Max(1, bytes / sizeof(ulong)));
        // Pages that were never written may all be the same zero page, which is read from the cache.
        for (nint i = 0; i < buffer.Count; i++) buffer.Pointer[i] = (ulong)i;
        return buffer;
    }

    private void Read(int part, Barrier start, Barrier end)
    {
        nint first = (nint)((long)buffer.Count * part / threads);
        nint last = (nint)((long)buffer.Count * (part + 1) / threads);
        start.SignalAndWait();
        ulong found = Sum(buffer.Pointer + first, last - first);
        end.SignalAndWait();
        Interlocked.Add(ref sum, found);
    }

    private static ulong Sum(ulong* values, nint count)
    {
        // Four sums, so that loads and not the latency of additions set the pace.
        Vector<ulong> a = default, b = default, c = default, d = default;
        nint width = Vector<ulong>.Count;
        nint i = 0;
        for (; i <= count - 4 * width; i += 4 * width)
        {
            a += Vector.Load(values + i);
            b += Vector.Load(values + i + width);
            c += Vector.Load(values + i + 2 * width);
            d += Vector.Load(values + i + 3 * width);
        }

        ulong sum = Vector.Sum(a + b + c + d);
        for (; i < count; i++) sum += values[i];
        return sum;
    }
}
