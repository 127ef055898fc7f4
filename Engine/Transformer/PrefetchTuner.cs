using System.Diagnostics;
using Engine.Kernels;

namespace Engine.Transformer;

/// <summary>Chooses how far ahead matrix-vector loops prefetch, by timing the first decode steps of a model.</summary>
/// <remarks>The right distance is a property of processor, memory and model: measured, it is worth 12 % on one machine
/// and costs 15–30 % on another. Trying it on real steps costs nothing before the first token, and the results of a
/// step do not depend on it. Steps of several rows are left alone: they wait for arithmetic.</remarks>
internal sealed class PrefetchTuner
{
    private const int WarmUpSteps = 4;
    private const int Rounds = 5;

    // Off, or far enough that a line has arrived when its turn comes.
    private static readonly int[] Distances = [0, 1024, 4096, 8192];

    private readonly long[] best = [.. Distances.Select(_ => long.MaxValue)];
    private readonly bool[] dropped = new bool[Distances.Length];
    private int step = -WarmUpSteps;
    private int tried;
    private int round;

    private long begin;

    /// <summary>Distance that was chosen, or is being tried.</summary>
    public int Bytes => Distances[tried];

    private bool IsDone => round >= Rounds;

    /// <summary>Before a step of <paramref name="rows"/> rows.</summary>
    public void Begin(int rows)
    {
        LinearKernel.PrefetchBytes = Bytes;
        begin = rows == 1 && !IsDone ? Stopwatch.GetTimestamp() : 0;
    }

    /// <summary>After it.</summary>
    public void End()
    {
        if (begin != 0) Record(Stopwatch.GetTimestamp() - begin);
    }

    /// <summary>Notes the time of one single-row step at the distance <see cref="Bytes"/>.</summary>
    internal void Record(long time)
    {
        if (IsDone || step++ < 0) return;
        best[tried] = Math.Min(best[tried], time);
        // Where prefetching hurts, it hurts by a fifth and more: two such steps are enough.
        dropped[tried] = tried > 0 && round > 0 && best[tried] > best[0] + best[0] / 20;
        do
        {
            if (++tried < Distances.Length) continue;
            tried = 0;
            round++;
        }
        while (dropped[tried]);
        if (IsDone || !dropped.AsSpan(1).Contains(false)) Choose();
    }

    private void Choose()
    {
        round = Rounds;
        tried = 0;
        // Off unless a distance clearly wins: prefetching takes bandwidth from neighbours.
        for (int i = 1; i < Distances.Length; i++)
            if (!dropped[i] && best[i] < best[tried] - best[tried] / 50) tried = i;
    }
}
