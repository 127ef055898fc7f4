using System.Diagnostics;

namespace Engine.Transformer;

/// <summary>Decides whether the steps of a decode are faster with all workers or with the caller alone, by now and then
/// trying the other way.</summary>
/// <remarks>A step waits for its slowest worker, and one that shares its core with a foreign busy process is away for
/// milliseconds at a time: then two threads are slower than one. They are, too, where one alone reads all that memory
/// gives. Results do not depend on it. Trials become rarer as long as they change nothing.</remarks>
internal sealed class TeamTuner
{
    // The first ones belong to the tuner of prefetching.
    private const int FirstSteps = 32;
    private const int TrialSteps = 4;
    private const int ShortestInterval = 64;
    private const int LongestInterval = 256;
    private const double LeastGain = 0.03;

    // So many steps, one after the other, that take so much longer than usual, are a reason to try at once.
    private const int SlowSteps = 3;
    private const double Slow = 1.25;

    private bool usesOne;
    private bool isTrial;
    private int steps;
    private int slowSteps;
    private int interval = FirstSteps;
    private double usual;
    private double trial;
    private long time;
    private long begin;

    /// <summary>True if the step is the caller's alone.</summary>
    public bool Alone => usesOne != isTrial;

    /// <summary>A step of one row begins; what was timed since the last time was the one before.</summary>
    public void BeginStep()
    {
        if (time > 0) Record(time);
        time = 0;
        BeginPart();
    }

    /// <summary>A part of the step begins.</summary>
    public void BeginPart() => begin = Stopwatch.GetTimestamp();

    /// <summary>It ends.</summary>
    public void EndPart() => time += Stopwatch.GetTimestamp() - begin;

    /// <summary>Notes the time of one step that went as <see cref="Alone"/> says.</summary>
    internal void Record(double stepTime)
    {
        steps++;
        if (!isTrial)
        {
            // An average that forgets: single steps say little where a worker is away now and then.
            if (steps == 1) usual = stepTime;
            slowSteps = stepTime > Slow * usual ? slowSteps + 1 : 0;
            usual += (stepTime - usual) / 8;
            if (steps < interval && slowSteps < SlowSteps) return;
            (isTrial, steps, slowSteps, trial) = (true, 0, 0, 0);
            return;
        }

        trial += stepTime / TrialSteps;
        if (steps < TrialSteps) return;
        bool better = trial < usual * (1 - LeastGain);
        interval = better ? ShortestInterval : Math.Clamp(2 * interval, ShortestInterval, LongestInterval);
        usesOne ^= better;
        if (better) usual = trial;
        // Not 0: the average goes on.
        (isTrial, steps) = (false, 1);
    }
}
