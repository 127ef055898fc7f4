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
    private static readonly int[] Distances = [0, 1024, 2048, 4096];

    private readonly long[] best = [.. Distances.Select(_ => long.MaxValue)];
    private int step = -WarmUpSteps;
    private int chosen;
    private long begin;

    /// <summary>Distance that was chosen, or is being tried.</summary>
    public int Bytes => Distances[step < 0 ? 0 : Tried];

    private int Tried => IsDone ? chosen : step % Distances.Length;

    private bool IsDone => step >= Rounds * Distances.Length;

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
        if (step >= 0) best[Tried] = Math.Min(best[Tried], time);
        step++;
        if (!IsDone) return;
        // Off unless a distance clearly wins: prefetching takes bandwidth from neighbours.
        chosen = 0;
        for (int i = 1; i < Distances.Length; i++)
            if (best[i] < best[chosen] - best[chosen] / 50) chosen = i;
    }
}
