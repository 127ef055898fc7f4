using System.Text;
using System.Text.RegularExpressions;

namespace Engine.Tests.House;

/// <summary>The rules of the house, read off the source: they hold because a test fails without them.</summary>
[TestClass]
public sealed partial class HouseTests
{
    private const StringComparison Ordinal = StringComparison.Ordinal;
    private const int MaximumLines = 400;
    private const int MaximumColumns = 120;

    /// <summary>About 70 is the rule; what is above 90 is not "about" any more.</summary>
    private const int MaximumFunctionLines = 90;

    /// <summary>Which folders of the library a folder may use; the library's root may use all.</summary>
    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        ["Memory"] = [],
        ["Isa"] = ["Memory"],
        ["Formats"] = ["Memory", "Isa"],
        ["Kernels"] = ["Memory", "Isa", "Formats"],
        ["Threading"] = [],
        ["Gguf"] = ["Memory", "Formats"],
        ["Cache"] = ["Memory"],
        ["Attention"] = ["Memory", "Isa", "Formats", "Kernels", "Cache"],
        ["Transformer"] =
            ["Memory", "Isa", "Formats", "Kernels", "Attention", "Cache", "Gguf", "Threading"],
        ["Text"] = ["Memory"],
        ["Sampling"] = ["Memory"],
    };

    private static readonly string[] TopFolders = ["Engine", "Engine.Tests", "Engine.Bench", "models", "tools", "docs"];

    private static readonly string[] Outputs = ["bin", "obj", "artifacts", "publish", "TestResults"];

    [TestMethod]
    public void DependenciesPointOneWay()
    {
        var faults = new StringBuilder();
        foreach (Source source in Sources("Engine"))
        {
            string folder = source.Folder;
            if (folder.Length == 0) continue;
            if (!Arrows.TryGetValue(folder, out string[]? allowed))
            {
                faults.AppendLine($"{source.Name}: the library has no folder {folder}");
                continue;
            }

            for (int i = 0; i < source.Lines.Length; i++)
            {
                foreach (Match match in FolderNames().Matches(Code(source.Lines[i])))
                {
                    string used = match.Groups[1].Value;
                    if (used == folder || !Arrows.ContainsKey(used) || allowed.Contains(used)) continue;
                    faults.AppendLine($"{source.Name}:{i + 1}: {folder} must not see {used}");
                }
            }
        }

        AssertNone(faults);
    }

    [TestMethod]
    public void NamespacesFollowFolders()
    {
        var faults = new StringBuilder();
        foreach (Source source in Sources("Engine"))
        {
            string expected = source.Folder.Length == 0 ? "Engine" : $"Engine.{source.Folder}";
            string? found = source.Lines.FirstOrDefault(line => line.StartsWith("namespace ", Ordinal));
            if (found is null) continue;
            string name = found["namespace ".Length..].TrimEnd(';');
            if (name != expected && !name.StartsWith(expected + ".", Ordinal))
                faults.AppendLine($"{source.Name}: expected namespace {expected}, found {name}");
        }

        AssertNone(faults);
    }

    [TestMethod]
    public void FilesLinesAndFunctionsAreShort()
    {
        var faults = new StringBuilder();
        foreach (Source source in AllSources())
        {
            if (source.Lines.Length > MaximumLines)
                faults.AppendLine($"{source.Name}: {source.Lines.Length} lines, allowed are {MaximumLines}");
            for (int i = 0; i < source.Lines.Length; i++)
            {
                if (source.Lines[i].Length > MaximumColumns)
                    faults.AppendLine($"{source.Name}:{i + 1}: {source.Lines[i].Length} columns");
                int length = FunctionLines(source.Lines, i);
                if (length > MaximumFunctionLines)
                    faults.AppendLine($"{source.Name}:{i + 1}: a function of {length} lines");
            }
        }

        AssertNone(faults);
    }

    [TestMethod]
    public void HotFoldersKeepToTheBannedList()
    {
        var faults = new StringBuilder();
        foreach (Source source in Sources("Engine"))
        {
            if (source.Folder is not ("Kernels" or "Attention")) continue;
            for (int i = 0; i < source.Lines.Length; i++)
            {
                if (Banned().IsMatch(Code(source.Lines[i])))
                    faults.AppendLine($"{source.Name}:{i + 1}: {source.Lines[i].Trim()}");
            }
        }

        AssertNone(faults);
    }

    [TestMethod]
    public void TheTopLevelIsFixed()
    {
        var faults = new StringBuilder();
        foreach (string path in Directory.GetFileSystemEntries(TestData.Root))
        {
            string name = Path.GetFileName(path);
            bool allowed = name.StartsWith('.') || Outputs.Contains(name) || name.EndsWith(".Artifacts")
                || (Directory.Exists(path) ? TopFolders.Contains(name) : IsTopFile(name));
            if (!allowed) faults.AppendLine($"{name} does not belong at the top");
        }

        AssertNone(faults);
    }

    private static bool IsTopFile(string name) =>
        name is "Engine.sln" or "README.md" or "LICENSE" or "global.json" || TopProperties().IsMatch(name);

    private static void AssertNone(StringBuilder faults)
    {
        if (faults.Length > 0) Assert.Fail(Environment.NewLine + faults);
    }

    /// <summary>Lines of the block that opens on its own line here and belongs to no type or table; else 0.</summary>
    /// <remarks>The formatter puts a block's braces alone on lines of one indentation, so the first brace that closes
    /// at the same indentation is its end.</remarks>
    private static int FunctionLines(string[] lines, int start)
    {
        if (lines[start].TrimStart() != "{" || start == 0) return 0;
        string header = lines[start - 1];
        for (int i = start - 2; i >= 0 && !EndsAStatement(lines[i]); i--) header = lines[i] + header;
        if (TypeOrTable().IsMatch(header)) return 0;
        string close = lines[start].Replace('{', '}');
        for (int i = start + 1; i < lines.Length; i++)
        {
            if (lines[i].StartsWith(close, Ordinal)) return i - start + 1;
        }

        return 0;
    }

    private static bool EndsAStatement(string line)
    {
        string code = line.Trim();
        return code.Length == 0 || code[^1] is ';' or '}' or '{' || code.StartsWith("//", Ordinal);
    }

    private static string Code(string line)
    {
        int comment = line.IndexOf("//", Ordinal);
        return comment < 0 ? line : line[..comment];
    }

    private static IEnumerable<Source> AllSources() =>
        ((string[])["Engine", "Engine.Tests", "Engine.Bench", "tools"]).SelectMany(Sources);

    private static IEnumerable<Source> Sources(string project)
    {
        string folder = Path.Combine(TestData.Root, project);
        Assert.IsTrue(Directory.Exists(folder), $"{folder} is missing");
        foreach (string path in Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
        {
            string[] parts = Path.GetRelativePath(folder, path).Split(Path.DirectorySeparatorChar);
            if (parts.Any(Outputs.Contains)) continue;
            string name = $"{project}/{string.Join('/', parts)}";
            yield return new Source(name, parts.Length > 1 ? parts[0] : "", File.ReadAllLines(path));
        }
    }

    [GeneratedRegex(@"\bEngine\.(\w+)")]
    private static partial Regex FolderNames();

    [GeneratedRegex(@"\(float\)\s*\(?Half|\bParallel\.|new Thread\(|\bThreadPool\.|\.(Select|Where|OrderBy)\(")]
    private static partial Regex Banned();

    [GeneratedRegex(@"\b(class|struct|record|interface|enum|namespace)\b|=\s*(new\b.*)?$|\bnew\b[^;=]*\)?$")]
    private static partial Regex TypeOrTable();

    [GeneratedRegex(@"^Directory\.\w+\.(props|targets)$|^[Nn]u[Gg]et\.[Cc]onfig$")]
    private static partial Regex TopProperties();

    private sealed record Source(string Name, string Folder, string[] Lines);
}
