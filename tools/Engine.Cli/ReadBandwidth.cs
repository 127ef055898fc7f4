using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Engine.Memory;

namespace Engine.Cli;

/// <summary>How fast threads read a buffer: the bound of a decode, which reads its weights once.</summary>
/// <remarks>As in a decode, each thread takes the next chunk when it has read one, so that a thread that loses its core
/// delays one chunk only.</remarks>
internal sealed unsafe class ReadBandwidth(long bytes, int threads) : IDisposable
{
    /// <summary>Long enough for the processor's own prefetching, short enough that threads end together.</summary>
    private const int ChunkElements = (1 << 18) / sizeof(ulong);

    /// <summary>How far ahead software prefetches, in bytes: what is best differs between machines.</summary>
    private static readonly int[] Distances = [0, 1024];

    private readonly AlignedBuffer<ulong> buffer = Touched(bytes);
    private long next;
    private ulong sum;

    /// <summary>Sum of what the last pass read, element i being i: right only if each was read once.</summary>
    internal ulong Checksum => sum;

    /// <summary>Number of 8-byte elements.</summary>
    internal long Count => buffer.Count;

    /// <summary>Reads the buffer once for each prefetch distance.</summary>
    /// <returns>Bytes per second of the faster pass, from the first thread's start to the end of the last.</returns>
    public double Measure()
    {
        double best = double.MaxValue;
        foreach (int distance in Distances)
        {
            sum = 0;
            next = 0;
            best = Math.Min(best, ThreadTiming.Run(threads, _ => Read(distance)));
        }

        return buffer.Count * sizeof(ulong) / best;
    }

    public void Dispose() => buffer.Dispose();

    private static AlignedBuffer<ulong> Touched(long bytes)
    {
        var buffer = new AlignedBuffer<ulong>((nint)Math.Max(1, bytes / sizeof(ulong)));
        // Pages that were never written may all be the same zero page, which is read from the cache.
        for (nint i = 0; i < buffer.Count; i++) buffer.Pointer[i] = (ulong)i;
        return buffer;
    }

    private void Read(int distance)
    {
        ulong found = 0;
        for (long first; (first = Interlocked.Add(ref next, ChunkElements) - ChunkElements) < buffer.Count;)
        {
            nint count = (nint)Math.Min(ChunkElements, buffer.Count - first);
            found += Sum(buffer.Pointer + (nint)first, count, distance);
        }

        Interlocked.Add(ref sum, found);
    }

    // Optimised from the start: what is measured must not depend on how often it ran before.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ulong Sum(ulong* values, nint count, int distance)
    {
        // Four sums, so that loads and not the latency of additions set the pace.
        Vector<ulong> a = default, b = default, c = default, d = default;
        nint width = Vector<ulong>.Count;
        bool prefetch = Sse.IsSupported && distance > 0;
        nint i = 0;
        for (; i <= count - 4 * width; i += 4 * width)
        {
            if (prefetch)
            {
                Sse.Prefetch0((byte*)(values + i) + distance);
                Sse.Prefetch0((byte*)(values + i + 2 * width) + distance);
            }

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
