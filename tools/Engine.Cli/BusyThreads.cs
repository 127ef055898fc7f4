namespace Engine.Cli;

/// <summary>Threads that do nothing but keep processors busy until they are disposed: foreign load.</summary>
internal sealed class BusyThreads : IDisposable
{
    private readonly Thread[] threads;
    private volatile bool stop;

    public BusyThreads(int count)
    {
        threads = new Thread[count];
        for (int i = 0; i < count; i++)
        {
            threads[i] = new Thread(Spin) { IsBackground = true, Name = "busy" };
            threads[i].Start();
        }
    }

    public void Dispose()
    {
        stop = true;
        foreach (Thread thread in threads) thread.Join();
    }

    private void Spin()
    {
        // No pause instruction: a neighbour with work to do has none either.
        uint value = 1;
        while (!stop) value = value * 1664525 + 1013904223;
        GC.KeepAlive(value);
    }
}
