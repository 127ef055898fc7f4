using System.Runtime.InteropServices;
using System.Text.Json;

namespace Engine.Cli;

/// <summary>A vector of HyperAttention: sizes, ranks and samples from JSON, arrays from the .f32 file beside it.
/// </summary>
internal sealed class AttentionVector
{
    private const int LargestSize = 1 << 20;

    private static readonly string[] ArrayNames = ["Q", "K", "V", "P", "hyper_out", "hyper_lse", "exact_out",
        "exact_lse"];

    private readonly string path;

    private AttentionVector(string path, JsonElement json)
    {
        this.path = path;
        Queries = Integer(json, "n_q", 1, LargestSize);
        Keys = Integer(json, "n_k", 1, LargestSize);
        Dimension = Integer(json, "d", 1, 1024);
        Block = Integer(json, "block", 0, LargestSize);
        Samples = Integer(json, "samples", 0, LargestSize);
        Leaf = Integer(json, "leaf", 0, LargestSize);
        Sinks = Integer(json, "sinks", 0, LargestSize);
        Past = Integer(json, "past", 0, LargestSize);
        Hyperplanes = Integer(json, "hyperplanes", 1, Attention.Hyper.HyperSettings.LargestHyperplanes);
        Causal = Property(json, "causal").ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Wrong("causal", "true or false", Property(json, "causal")),
        };
        if (Causal && Keys != Past + Queries)
            throw new InvalidDataException($"{path}: n_k: expected past + n_q = {Past + Queries}, found {Keys}");
        RankMargin = Property(json, "smallest_rank_margin").ValueKind == JsonValueKind.Number
            ? Property(json, "smallest_rank_margin").GetDouble() : 0;
        QueryRanks = Ranks(json, "rank_q", Queries);
        KeyRanks = Ranks(json, "rank_k", Keys);
        Nodes = [.. ReadNodes(json)];
        CheckNames(json);
        float[][] arrays = ReadArrays();
        (Q, K, V, P) = (arrays[0], arrays[1], arrays[2], arrays[3]);
        (Output, LogSumExp, ExactOutput, ExactLogSumExp) = (arrays[4], arrays[5], arrays[6], arrays[7]);
    }

    public int Queries { get; }
    public int Keys { get; }
    public int Dimension { get; }
    public int Block { get; }
    public int Samples { get; }
    public int Leaf { get; }
    public int Sinks { get; }
    public int Past { get; }
    public int Hyperplanes { get; }
    public bool Causal { get; }

    /// <summary>Smallest distance of a projection from its threshold.</summary>
    public double RankMargin { get; }

    public byte[] QueryRanks { get; }
    public byte[] KeyRanks { get; }

    /// <summary>The nodes in order, leaves left out.</summary>
    public IReadOnlyList<Node> Nodes { get; }

    /// <summary>Arrays [n, d] and [n].</summary>
    public float[] Q { get; }
    public float[] K { get; }
    public float[] V { get; }
    public float[] P { get; }
    public float[] Output { get; }
    public float[] LogSumExp { get; }
    public float[] ExactOutput { get; }
    public float[] ExactLogSumExp { get; }

    /// <summary>Reads a vector.</summary>
    /// <exception cref="InvalidDataException">The file is not one; the message names path and member.</exception>
    public static AttentionVector Read(string path)
    {
        byte[] text = InputFiles.ReadBytes(path);
        try
        {
            using JsonDocument json = JsonDocument.Parse(text);
            if (json.RootElement.ValueKind != JsonValueKind.Object)
                throw new InvalidDataException($"{path}: expected a JSON object, found {json.RootElement.ValueKind}");
            return new AttentionVector(path, json.RootElement);
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{path}: not JSON: {error.Message}", error);
        }
    }

    private JsonElement Property(JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement value) ? value
            : throw new InvalidDataException($"{path}: the member {name} is missing");

    private InvalidDataException Wrong(string name, string expected, JsonElement found)
    {
        string text = found.GetRawText();
        return new InvalidDataException(
            $"{path}: {name}: expected {expected}, found {(text.Length > 40 ? text[..40] + "…" : text)}");
    }

    private int Integer(JsonElement json, string name, int least, int most)
    {
        JsonElement value = Property(json, name);
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= least
            && number <= most ? number : throw Wrong(name, $"a whole number from {least} to {most}", value);
    }

    private int[] Integers(JsonElement json, string name, int count, int end)
    {
        JsonElement array = Property(json, name);
        if (array.ValueKind != JsonValueKind.Array || array.GetArrayLength() != count)
            throw Wrong(name, $"an array of {count} whole numbers", array);
        var values = new int[count];
        int i = 0;
        foreach (JsonElement element in array.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Number || !element.TryGetInt32(out values[i]) || values[i] < 0
                || values[i] >= end)
                throw Wrong($"{name}[{i}]", $"a whole number below {end}", element);
            i++;
        }

        return values;
    }

    private byte[] Ranks(JsonElement json, string name, int count) =>
        Array.ConvertAll(Integers(json, name, count, 1 << Hyperplanes), value => (byte)value);

    private IEnumerable<Node> ReadNodes(JsonElement json)
    {
        JsonElement array = Property(json, "nodes");
        if (array.ValueKind != JsonValueKind.Array) throw Wrong("nodes", "an array", array);
        foreach (JsonElement element in array.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Object) throw Wrong("nodes", "objects", element);
            if (element.TryGetProperty("leaf", out _)) continue;
            int[] queries = Integers(element, "queries", 2, Queries + 1);
            int[] keys = Integers(element, "keys", 2, Keys + 1);
            if (queries[0] >= queries[1] || keys[0] >= keys[1]) throw Wrong("nodes", "ranges with an end", element);
            int[]? samples = element.TryGetProperty("samples", out _)
                ? Integers(element, "samples", Samples, keys[1] - keys[0]) : null;
            yield return new Node(queries[0], queries[1], keys[0], keys[1], samples);
        }
    }

    private void CheckNames(JsonElement json)
    {
        JsonElement array = Property(json, "arrays");
        if (array.ValueKind != JsonValueKind.Array || array.GetArrayLength() != ArrayNames.Length)
            throw Wrong("arrays", $"{ArrayNames.Length} names", array);
        for (int i = 0; i < ArrayNames.Length; i++)
        {
            if (array[i].ValueKind != JsonValueKind.String
                || array[i].GetString()!.Split(' ')[0] != ArrayNames[i])
                throw Wrong($"arrays[{i}]", ArrayNames[i], array[i]);
        }
    }

    private float[][] ReadArrays()
    {
        string file = Path.ChangeExtension(path, ".f32");
        byte[] bytes = InputFiles.ReadBytes(file);
        long perQuery = (long)Queries * Dimension, perKey = (long)Keys * Dimension;
        long[] counts = [perQuery, perKey, perKey, (long)Hyperplanes * Dimension, perQuery, Queries, perQuery, Queries];
        if (bytes.Length != counts.Sum() * sizeof(float))
            throw new InvalidDataException(
                $"{file}: expected {counts.Sum() * sizeof(float)} bytes for the sizes in {path}, found {bytes.Length}");
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(bytes);
        var arrays = new float[counts.Length][];
        for (int i = 0; i < counts.Length; i++)
        {
            arrays[i] = values[..(int)counts[i]].ToArray();
            values = values[(int)counts[i]..];
        }

        return arrays;
    }

    /// <summary>Keys [FirstKey, EndKey) against queries [FirstQuery, EndQuery); no samples: computed exactly.</summary>
    internal sealed record Node(int FirstQuery, int EndQuery, int FirstKey, int EndKey, int[]? Samples);
}
