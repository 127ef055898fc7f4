using System.Diagnostics;

namespace Engine.Cli;

/// <summary>One repetition: tokens per second, 0 for what was left out.</summary>
internal sealed record BenchmarkRun(double PrefillRate, double DecodeRate, double AllocatedBytesPerToken)
{
    /// <summary>Tokens per second of all sequences of a batch together.</summary>
    public double BatchDecodeRate { get; init; }

    /// <summary>Decode beside busy threads.</summary>
    public double BusyDecodeRate { get; init; }

    /// <summary>Decode of one thread, undisturbed.</summary>
    public double SingleThreadDecodeRate { get; init; }

    /// <summary>Bytes per second that the same threads read from memory.</summary>
    public double ReadRate { get; init; }
}

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

    /// <summary>Decode alone, in tokens per second.</summary>
    public double MeasureDecode(int decode) => decode / Time(decode, together: false, out _);

    /// <summary>Decode of several sequences, all from the same depth, each step one pass over the weights.</summary>
    /// <returns>Tokens per second of all together.</returns>
    public double MeasureBatch(SessionBatch batch, int decode)
    {
        foreach (Session member in batch.Sessions)
        {
            member.Reset();
            if (depth > 0) member.Prefill(Tokens(depth), cancellation);
        }

        int count = batch.Sessions.Count;
        int[] tokens = Tokens(count * decode);
        long begin = Stopwatch.GetTimestamp();
        for (int i = 0; i < tokens.Length; i += count)
        {
            cancellation.ThrowIfCancellationRequested();
            batch.Prefill(tokens.AsSpan(i, count));
        }

        return tokens.Length / Stopwatch.GetElapsedTime(begin).TotalSeconds;
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
