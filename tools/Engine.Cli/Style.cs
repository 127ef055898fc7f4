namespace Engine.Cli;

/// <summary>Colour, unless a person has declined it (no-color.org). Callers check for a terminal.</summary>
internal static class Style
{
    private static readonly bool Enabled =
        string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
        && Environment.GetEnvironmentVariable("TERM") != "dumb";

    public static string Dim(string text) => Enabled ? $"\e[2m{text}\e[0m" : text;

    public static string Bold(string text) => Enabled ? $"\e[1m{text}\e[0m" : text;
}
