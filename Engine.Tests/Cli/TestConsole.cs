using System.Text;
using System.Text.Json;
using Engine.Cli;

namespace Engine.Tests.Cli;

/// <summary>A console whose streams are texts.</summary>
internal sealed class TestConsole(string input = "") : ICliConsole
{
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();
    private Func<bool>? interrupt;

    public Stream Input { get; } = new MemoryStream(Encoding.UTF8.GetBytes(input));

    public TextWriter Output => Watch is null ? output : new WatchedWriter(output, text => Watch(this, text));

    public TextWriter Error => error;

    public bool InputIsTerminal { get; init; }

    public bool OutputIsTerminal { get; init; }

    public bool ErrorIsTerminal { get; init; }

    /// <summary>Sees each piece of output as it comes.</summary>
    public Action<TestConsole, string>? Watch { get; init; }

    public string OutputText => output.ToString();

    public string ErrorText => error.ToString();

    public IDisposable OnInterrupt(Func<bool> handler)
    {
        interrupt = handler;
        return new Registration(this);
    }

    /// <summary>Ctrl-C; false if it would end the process.</summary>
    public bool Interrupt() => interrupt?.Invoke() ?? false;

    /// <summary>Runs a command line.</summary>
    public int Run(params string[] arguments) => CliApplication.Run(arguments, this);

    /// <summary>The output as one JSON object.</summary>
    public JsonElement Json() => JsonDocument.Parse(OutputText).RootElement;

    private sealed class Registration(TestConsole console) : IDisposable
    {
        public void Dispose() => console.interrupt = null;
    }

    private sealed class WatchedWriter(TextWriter inner, Action<string> seen) : TextWriter
    {
        public override Encoding Encoding => inner.Encoding;

        public override void Write(char value) => inner.Write(value);

        public override void Write(string? value)
        {
            inner.Write(value);
            seen(value ?? "");
        }
    }
}
