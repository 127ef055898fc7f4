using System.Runtime.InteropServices;
using System.Text.Json;

namespace Engine.Tests.Transformer;

/// <summary>A tiny model with reference logits: shipped ones first, the others from the shared folder.</summary>
internal sealed record ConformanceModel(string Name, string Path, int[] Tokens, float Tolerance, float[] Logits)
{
    /// <summary>Names of all models at hand.</summary>
    public static IEnumerable<string> Names => Folders.SelectMany(folder => Directory.GetFiles(folder, "*.gguf"))
        .Select(file => System.IO.Path.GetFileNameWithoutExtension(file)).Distinct().Order(StringComparer.Ordinal);

    public int Vocabulary => Logits.Length / Tokens.Length;

    private static IEnumerable<string> Folders => new[]
    {
        System.IO.Path.Combine(TestData.Root, "Engine.Tests", "Data", "conformance"),
        System.IO.Path.Combine(TestData.Root, "..", "shared", "conformance"),
    }.Where(Directory.Exists);

    public static ConformanceModel Load(string name)
    {
        string? folder = Folders.FirstOrDefault(
            candidate => File.Exists(System.IO.Path.Combine(candidate, name + ".gguf")));
        if (folder is null)
            Assert.Inconclusive($"skipped: shared/conformance/{name}.gguf is not beside the repository");
        string File_(string extension) => System.IO.Path.Combine(folder!, name + extension);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(File_(".json")));
        return new ConformanceModel(name, File_(".gguf"),
            [.. json.RootElement.GetProperty("tokens").EnumerateArray().Select(token => token.GetInt32())],
            json.RootElement.GetProperty("tolerance").GetSingle(),
            MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(File_(".logits.f32"))).ToArray());
    }
}
