using System.Diagnostics;

namespace Engine.Compare;

/// <summary>A program that prints its results: an executable, an assembly, or a C# file.</summary>
internal sealed class ExternalProgram(string path, IReadOnlyList<string>? environment = null)
{
    /// <summary>Runs it to its end.</summary>
    /// <returns>What it wrote to standard output.</returns>
    /// <exception cref="InvalidOperationException">It cannot be started, or it failed; its messages follow.</exception>
    public async Task<string> RunAsync(IEnumerable<string> arguments, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] command = Path.GetExtension(path) switch
        {
            ".cs" => ["dotnet", "run", path, "--"],
            ".dll" => ["dotnet", path],
            _ => [path],
        };
        start.FileName = command[0];
        foreach (string argument in command[1..].Concat(arguments)) start.ArgumentList.Add(argument);
        foreach (string variable in environment ?? [])
        {
            int equals = variable.IndexOf('=', StringComparison.Ordinal);
            start.Environment[variable[..equals]] = variable[(equals + 1)..];
        }

        using Process process = Start(start);
        try
        {
            // Both streams at once, or the one that is not read fills up and the program waits.
            Task<string> output = process.StandardOutput.ReadToEndAsync(cancellation);
            Task<string> messages = process.StandardError.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
            if (process.ExitCode == 0) return await output.ConfigureAwait(false);
            string text = (await messages.ConfigureAwait(false)).Trim();
            throw new InvalidOperationException($"{path} ended with exit code {process.ExitCode}: {text}");
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new InvalidOperationException($"{path} was not started");
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            throw new InvalidOperationException($"{path} cannot be started: {error.Message}", error);
        }
    }
}
