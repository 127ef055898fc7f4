namespace Engine.Cli;

/// <summary>Files named on the command line; each error begins with the path as it was given.</summary>
internal static class InputFiles
{
    /// <summary>Returns the path of a file that exists.</summary>
    /// <exception cref="FileNotFoundException">There is no such file, or it is a directory.</exception>
    public static string Existing(string path)
    {
        if (Directory.Exists(path)) throw new FileNotFoundException($"{path}: expected a file, found a directory");
        if (!File.Exists(path)) throw new FileNotFoundException($"{path}: no such file");
        return path;
    }

    /// <summary>The bytes as they stand.</summary>
    public static byte[] ReadBytes(string path) => File.ReadAllBytes(Existing(path));

    /// <summary>The text without its byte order mark.</summary>
    public static string ReadText(string path) => File.ReadAllText(Existing(path));
}
