using System.Diagnostics;

namespace Engine.Cli;

/// <summary>One repetition: tokens per second, 0 for what was left out.</summary>
internal sealed record BenchmarkRun(double PrefillRate, double DecodeRate, double AllocatedBytesPerToken);

/// <summary>Measures prefill and decode, each from the same depth, as llama.cpp's benchmark does.</summary>
internal sealed class Benchmark(Session session, int depth, CancellationToken cancellation)
{
    // Speed does not depend on which tokens they are, only on how many; any fixed sequence will do.
    private uint state = 1;

    /// <summary>Measures once.</summary>
    public BenchmarkRun Measure(int prefill, int decode)
    {
        double prefillRate = prefill == 0 ? 0 : prefill / Time(prefill, together: true, out _);
        long allocated = 0;
        double decodeRate = decode == 0 ? 0 : decode / Time(decode, together: false, out allocated);
        return new BenchmarkRun(prefillRate, decodeRate, decode == 0 ? 0 : (double)allocated / decode);
    }

    private double Time(int count, bool together, out long allocated)
    {
        int[] before = Tokens(depth);
        int[] tokens = Tokens(count);
        session.Reset();
        if (depth > 0) session.Prefill(before, cancellation);
        int step = together ? count : 1;
        long bytes = GC.GetTotalAllocatedBytes(precise: true);
        long begin = Stopwatch.GetTimestamp();
        for (int i = 0; i < count; i += step) session.Prefill(tokens.AsSpan(i, step), cancellation);
        double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        allocated = GC.GetTotalAllocatedBytes(precise: true) - bytes;
        return seconds;
    }

    private int[] Tokens(int count)
    {
        var tokens = new int[count];
        for (int i = 0; i < count; i++)
        {
            state = state * 1664525 + 1013904223;
            tokens[i] = (int)((ulong)state * (uint)session.Model.VocabularySize >> 32);
        }

        return tokens;
    }
}
