namespace Engine.Cli;

/// <summary>Ctrl-C as a cancellation token, for commands that just end: the first asks, the second insists.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly IDisposable registration;

    public Interruption(ICliConsole console) => registration = console.OnInterrupt(() =>
    {
        if (source.IsCancellationRequested) return false;
        source.Cancel();
        return true;
    });

    public CancellationToken Token => source.Token;

    public void Dispose()
    {
        registration.Dispose();
        source.Dispose();
    }
}
