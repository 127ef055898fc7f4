using System.Runtime.InteropServices;
using System.Text;

namespace Engine.Cli;

/// <summary>The process' own console.</summary>
internal sealed class SystemConsole : ICliConsole
{
    // Console.Out and Console.In set up terminals and encodings first; plain streams start at once.
    private readonly Lazy<Stream> input = new(Console.OpenStandardInput);
    private readonly Lazy<TextWriter> output = new(() => Writer(Console.OpenStandardOutput()));
    private readonly Lazy<TextWriter> error = new(() => Writer(Console.OpenStandardError()));

    public Stream Input => input.Value;

    public TextWriter Output => output.Value;

    public TextWriter Error => error.Value;

    public bool InputIsTerminal => !Console.IsInputRedirected;

    public bool OutputIsTerminal => !Console.IsOutputRedirected;

    public bool ErrorIsTerminal => !Console.IsErrorRedirected;

    public IDisposable OnInterrupt(Func<bool> handler) => PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
    {
        context.Cancel = true;
        if (!handler()) Environment.Exit(ExitCodes.Interrupted);
    });

    private static StreamWriter Writer(Stream stream) => new(stream, new UTF8Encoding(false), 4096);
}
