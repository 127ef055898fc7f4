namespace Engine.Tests;

/// <summary>Where test data lies: in the repository, or in a <c>shared</c> folder beside it that a fresh clone lacks.
/// </summary>
internal static class TestData
{
    /// <summary>The folder of <c>Engine.sln</c>.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>A file or folder under <c>Engine.Tests/Data</c>; it must exist.</summary>
    public static string Path(params string[] parts)
    {
        string path = System.IO.Path.Combine([Root, "Engine.Tests", "Data", .. parts]);
        Assert.IsTrue(System.IO.Path.Exists(path), $"{path} is missing from the repository");
        return path;
    }

    /// <summary>A file or folder under the shared folder; the test is inconclusive, never passed, without it.</summary>
    public static string SharedOrSkip(params string[] parts)
    {
        string path = System.IO.Path.Combine([Root, "..", "shared", .. parts]);
        if (!System.IO.Path.Exists(path))
            Assert.Inconclusive($"skipped: shared/{string.Join('/', parts)} is not beside the repository");
        return System.IO.Path.GetFullPath(path);
    }

    /// <summary>A shipped model in <c>models/</c>; it must exist.</summary>
    public static string Model(string name)
    {
        string path = System.IO.Path.Combine(Root, "models", name);
        Assert.IsTrue(File.Exists(path), $"{path} is missing from the repository");
        return path;
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Engine.sln"))) return folder.FullName;
        }

        throw new InvalidOperationException($"no Engine.sln above {AppContext.BaseDirectory}");
    }
}
