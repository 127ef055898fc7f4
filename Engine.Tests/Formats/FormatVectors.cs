using System.Runtime.InteropServices;
using System.Text.Json;
using Engine.Formats;

namespace Engine.Tests.Formats;

/// <summary>The vectors under <c>Data/quants</c>: bytes of every block format and the floats ggml decodes them to.
/// </summary>
internal static class FormatVectors
{
    private static readonly string Folder = TestData.Path("quants");

    /// <summary>One line of the index.</summary>
    /// <param name="Type">File name stem, lower case but for <c>K</c>.</param>
    /// <param name="Id">GGUF type id.</param>
    /// <param name="Rmse">Root mean square error of ggml's own encoder on <see cref="Source"/>; null if it has none.
    /// </param>
    internal sealed record Entry(string Type, int Id, int BlockElements, int BlockBytes, bool Encoded, double? Rmse)
    {
        /// <summary>The engine's format; fails if it has none.</summary>
        public WeightFormat Format
        {
            get
            {
                Assert.IsTrue(WeightFormats.TryGet((WeightType)Id, out WeightFormat? format), $"{Type} is not known");
                return format;
            }
        }

        public override string ToString() => Type;
    }

    public static IReadOnlyList<Entry> All { get; } = ReadIndex();

    public static float[] Source => Floats("source.f32");

    public static byte[] Bytes(string name) => File.ReadAllBytes(Path.Combine(Folder, name));

    public static float[] Floats(string name) => MemoryMarshal.Cast<byte, float>(Bytes(name)).ToArray();

    private static List<Entry> ReadIndex()
    {
        using JsonDocument index = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "index.json")));
        var entries = new List<Entry>();
        foreach (JsonElement type in index.RootElement.GetProperty("types").EnumerateArray())
        {
            bool encoded = type.GetProperty("encoded").GetBoolean();
            double? rmse = encoded ? type.GetProperty("rmse").GetDouble() : null;
            entries.Add(new Entry(
                type.GetProperty("type").GetString()!,
                type.GetProperty("id").GetInt32(),
                type.GetProperty("block_elements").GetInt32(),
                type.GetProperty("block_bytes").GetInt32(),
                encoded,
                rmse));
        }

        return entries;
    }
}
