namespace Engine.Cli;

/// <summary>The model that ships in <c>models/</c>.</summary>
internal static class DefaultModel
{
    public const string FileName = "smollm2-135m-instruct-q4_1.gguf";

    /// <summary>The file in a <c>models</c> folder at or above the executable or the current folder.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    public static string Find()
    {
        foreach (string start in (ReadOnlySpan<string>)[AppContext.BaseDirectory, Environment.CurrentDirectory])
        {
            for (DirectoryInfo? folder = new(start); folder is not null; folder = folder.Parent)
            {
                string path = Path.Combine(folder.FullName, "models", FileName);
                if (File.Exists(path)) return path;
            }
        }

        throw new FileNotFoundException(
            $"no MODEL was given, and the default models/{FileName} is not at or above {AppContext.BaseDirectory} or "
            + $"{Environment.CurrentDirectory}");
    }
}
