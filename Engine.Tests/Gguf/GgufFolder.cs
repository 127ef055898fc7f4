namespace Engine.Tests.Gguf;

/// <summary>A folder for files that a test makes; gone with the test.</summary>
internal sealed class GgufFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("engine-gguf-");

    public string this[string name] => Path.Combine(_folder.FullName, name);

    /// <summary>Writes bytes to a file of that name.</summary>
    public string Write(string name, ReadOnlySpan<byte> bytes)
    {
        File.WriteAllBytes(this[name], bytes);
        return this[name];
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
