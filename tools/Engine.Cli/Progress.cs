using System.Diagnostics;
using System.Globalization;

namespace Engine.Cli;

/// <summary>How far a long piece of work has come, on standard error: silent for two seconds, then one line that is
/// written over on a terminal, or a new line now and then elsewhere.</summary>
internal sealed class Progress(ICliConsole console, bool json)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly long begin = Stopwatch.GetTimestamp();
    private TimeSpan next = Patience;
    private int written;

    /// <summary>Says that <paramref name="done"/> of <paramref name="total"/> are done.</summary>
    public void Report(string what, long done, long total)
    {
        TimeSpan elapsed = Stopwatch.GetElapsedTime(begin);
        if (elapsed < next || json && !console.ErrorIsTerminal) return;
        string line = string.Create(CultureInfo.InvariantCulture,
            $"{what}: {done} of {total} ({100.0 * done / Math.Max(1, total):F0} %)");
        if (console.ErrorIsTerminal)
        {
            console.Error.Write("\r" + line.PadRight(written));
            written = line.Length;
            next = elapsed + TimeSpan.FromMilliseconds(200);
        }
        else
        {
            console.Error.WriteLine(line);
            next = elapsed + TimeSpan.FromSeconds(10);
        }

        console.Error.Flush();
    }

    /// <summary>Removes the line, so that what follows begins on a clean one.</summary>
    public void Clear()
    {
        if (written == 0) return;
        console.Error.Write("\r" + new string(' ', written) + "\r");
        console.Error.Flush();
        written = 0;
    }
}
