namespace Engine.Cli;

/// <summary>What a command sees of the outside: streams, terminals, Ctrl-C. Tests put their own in its place.</summary>
internal interface ICliConsole
{
    /// <summary>Standard input as bytes.</summary>
    Stream Input { get; }

    /// <summary>Results, UTF-8 without a byte order mark.</summary>
    TextWriter Output { get; }

    /// <summary>Messages and progress.</summary>
    TextWriter Error { get; }

    /// <summary>True if a person types the input.</summary>
    bool InputIsTerminal { get; }

    /// <summary>True if a person reads the output.</summary>
    bool OutputIsTerminal { get; }

    /// <summary>True if a person reads the messages.</summary>
    bool ErrorIsTerminal { get; }

    /// <summary>Calls the handler on Ctrl-C, on some other thread; false from it ends the process.</summary>
    IDisposable OnInterrupt(Func<bool> handler);
}
