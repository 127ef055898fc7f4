using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Engine.Threading;

/// <summary>Threads that carry out the stages of a forward step: woken once per step, spinning between its stages.
/// </summary>
/// <remarks>
/// The caller is worker 0 and drives: <see cref="Enter"/>, any number of <see cref="Run"/>, <see cref="Leave"/>. A
/// stage is over when all of its chunks are done, not when all workers have looked at it, so a worker that the system
/// has taken off its core delays only the chunk that it holds. One step at a time: callers serialise.
/// </remarks>
internal sealed class WorkerTeam : IDisposable
{
    // How long a worker looks for the next step before it gives up its core. Between two steps of a decode the leader
    // samples and prints (some 10 µs); a wake-up costs about 10 µs, so a little patience pays.
    private const int SpinsBeforeSleep = 10_000;
    private const int SpinsBeforeYield = 4_000;

    private readonly Thread[] threads;
    private readonly AutoResetEvent[] wake;
    private readonly Counters counters;
    private readonly IStage?[] stages = new IStage?[2];
    private readonly int[] chunkCounts = new int[2];
    private ExceptionDispatchInfo? failure;
    private bool alone;
    private volatile bool open;
    private volatile bool disposed;

    /// <summary>Starts <paramref name="workers"/> − 1 threads.</summary>
    public WorkerTeam(int workers)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(workers, 1024);
        Workers = workers;
        threads = new Thread[workers - 1];
        wake = new AutoResetEvent[workers - 1];
        counters = new Counters(workers - 1);
        for (int i = 0; i < threads.Length; i++)
        {
            int worker = i + 1;
            wake[i] = new AutoResetEvent(false);
            threads[i] = new Thread(() => Work(worker)) { IsBackground = true, Name = $"Engine worker {worker}" };
            threads[i].Start();
        }
    }

    /// <summary>Number of workers, the caller included.</summary>
    public int Workers { get; }

    /// <summary>Wakes the team for a step.</summary>
    /// <param name="callerAlone">True to let the others sleep: the caller does all chunks.</param>
    public void Enter(bool callerAlone = false)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        alone = callerAlone;
        if (alone) return;
        open = true;
        Interlocked.MemoryBarrier();
        for (int i = 0; i < threads.Length; i++)
            if (Interlocked.Exchange(ref counters.Asleep[i].Value, 0) == 1) wake[i].Set();
    }

    /// <summary>Ends a step: workers spin a little longer, then sleep.</summary>
    public void Leave() => open = false;

    /// <summary>Runs all chunks of a stage and returns when they are done.</summary>
    public void Run(IStage stage, int chunks)
    {
        if (Workers == 1 || alone || chunks <= 1)
        {
            for (int chunk = 0; chunk < chunks; chunk++) stage.Run(chunk, 0);
            return;
        }

        // The slot of this generation was last used two generations ago, and that stage is complete: nobody needs it.
        uint generation = (uint)(counters.Ticket >> 32) + 1;
        int slot = (int)(generation & 1);
        stages[slot] = stage;
        chunkCounts[slot] = chunks;
        Volatile.Write(ref counters.Done(slot), 0);
        Volatile.Write(ref counters.Ticket, (long)((ulong)generation << 32));
        while (TryWork(0))
        {
        }

        int spins = 0;
        while (Volatile.Read(ref counters.Done(slot)) < chunks)
        {
            // After a while the chunk is held by a worker without a core: let the system run it.
            if (++spins > SpinsBeforeYield) Thread.Yield();
            else Thread.SpinWait(1);
        }

        if (failure is not null) Rethrow();
    }

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        open = false;
        foreach (AutoResetEvent e in wake) e.Set();
        foreach (Thread thread in threads) thread.Join();
        foreach (AutoResetEvent e in wake) e.Dispose();
    }

    private void Rethrow()
    {
        ExceptionDispatchInfo? error = failure;
        failure = null;
        error?.Throw();
    }

    private void Work(int worker)
    {
        int spins = 0;
        while (!disposed)
        {
            if (TryWork(worker))
            {
                spins = 0;
            }
            else if (open || spins < SpinsBeforeSleep)
            {
                spins++;
                Thread.SpinWait(1);
            }
            else
            {
                Sleep(worker - 1);
                spins = 0;
            }
        }
    }

    private void Sleep(int index)
    {
        Interlocked.Exchange(ref counters.Asleep[index].Value, 1);
        // The leader sets `open` before it looks at the flag, so one of the two sees the other: either it takes the
        // flag back and sets the event, or the flag is taken back here and nobody waits.
        bool mustWait = !(open || disposed) || Interlocked.Exchange(ref counters.Asleep[index].Value, 0) == 0;
        if (mustWait) wake[index].WaitOne();
    }

    /// <summary>Claims and does one chunk of the current stage; false if none is left.</summary>
    private bool TryWork(int worker)
    {
        long ticket = Volatile.Read(ref counters.Ticket);
        int slot = (int)((ulong)ticket >> 32 & 1);
        int chunk = (int)(ticket & 0xFFFFFFFF);
        IStage? stage = stages[slot];
        if (stage is null || chunk >= chunkCounts[slot]) return false;
        // The claim succeeds only if the generation is still the one whose slot was read; from then on the stage cannot
        // end before this chunk is done.
        if (Interlocked.CompareExchange(ref counters.Ticket, ticket + 1, ticket) != ticket) return true;
        try
        {
            stage.Run(chunk, worker);
        }
        catch (Exception error)
        {
            Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(error), null);
        }

        Interlocked.Increment(ref counters.Done(slot));
        return true;
    }

    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct PaddedInt
    {
        [FieldOffset(64)] public int Value;
    }

    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct PaddedLong
    {
        [FieldOffset(64)] public long Value;
    }

    /// <summary>Counters on cache lines of their own.</summary>
    private sealed class Counters(int sleepers)
    {
        private PaddedLong ticket;
        private PaddedInt done0;
        private PaddedInt done1;

        public readonly PaddedInt[] Asleep = new PaddedInt[sleepers];

        public ref long Ticket => ref ticket.Value;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ref int Done(int slot) => ref slot == 0 ? ref done0.Value : ref done1.Value;
    }
}
