namespace Engine.Bench;

/// <summary>Files of the repository, found from wherever a job's process was built.</summary>
internal static class Repository
{
    /// <summary>The folder of <c>Engine.sln</c>.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>English prose.</summary>
    public static byte[] Text() =>
        File.ReadAllBytes(Path.Combine(Root, "Engine.Tests", "Data", "golden", "tales-validation.txt"));

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Engine.sln"))) return folder.FullName;
        }

        throw new InvalidOperationException($"no Engine.sln above {AppContext.BaseDirectory}");
    }
}
