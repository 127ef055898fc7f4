using System.Text.Json;
using System.Text.Json.Serialization;
using Engine.Reports;

namespace Engine.Compare;

/// <summary>One line of the raw results: a run of one program, the machine's limits, or what the machine is.</summary>
/// <remarks>Members that do not belong to the kind are left out of the file.</remarks>
internal sealed record Sample
{
    public const string Machine = "machine";
    public const string Limits = "limits";
    public const string Run = "run";

    /// <summary>Name of the peer among the programs.</summary>
    public const string Peer = "llama.cpp";

    public required string Kind { get; init; }

    /// <summary>The machine, the date and the command, a line of text each.</summary>
    public IReadOnlyList<string>? Facts { get; init; }

    /// <summary>Label of a variant of Engine, or <see cref="Peer"/>.</summary>
    public string? Program { get; init; }

    /// <summary>Switches of the runtime.</summary>
    public string? Switches { get; init; }

    public int Round { get; init; }

    public string? Model { get; init; }

    public int Threads { get; init; }

    public int Depth { get; init; }

    public int Busy { get; init; }

    public int PrefillTokens { get; init; }

    public int Batch { get; init; }

    /// <summary>Tokens per second.</summary>
    public double Prefill { get; init; }

    /// <summary>Tokens per second.</summary>
    public double Decode { get; init; }

    /// <summary>Tokens per second of all sequences together.</summary>
    public double BatchDecode { get; init; }

    /// <summary>Bytes that decoding one token reads at this depth.</summary>
    public long BytesPerToken { get; init; }

    public long LayerMultiplyAdds { get; init; }

    public long HeadMultiplyAdds { get; init; }

    public string? WeightType { get; init; }

    public string? Isa { get; init; }

    /// <summary>10⁹ bytes per second, of the limits and of Engine's own measurement.</summary>
    public double Read { get; init; }

    /// <summary>10⁹ multiply-adds per second of 8-bit weights.</summary>
    public double Int8 { get; init; }

    /// <summary>10⁹ multiply-adds per second of 4-bit weights.</summary>
    public double Int4 { get; init; }

    /// <summary>10⁹ multiply-adds per second of floats.</summary>
    public double F32 { get; init; }

    public bool Vnni { get; init; }

    [JsonIgnore]
    public Condition Condition => new(Model!, Threads, Depth, Busy);

    public string ToJson() => JsonLine.Write(this);

    /// <summary>Reads a line that <see cref="ToJson"/> wrote.</summary>
    public static Sample Parse(string line) => JsonLine.Read<Sample>(line);

    /// <summary>What <c>engine bench --json</c> printed.</summary>
    public static Sample OfEngine(string json)
    {
        JsonElement root = JsonDocument.Parse(json).RootElement;
        return new Sample
        {
            Kind = Run,
            Prefill = Number("prefill_tokens_per_second"),
            Decode = Number("decode_tokens_per_second"),
            BatchDecode = Number("batch_decode_tokens_per_second"),
            Batch = (int)Number("batch"),
            BytesPerToken = (long)Number("bytes_per_token"),
            LayerMultiplyAdds = (long)Number("layer_multiply_adds"),
            HeadMultiplyAdds = (long)Number("head_multiply_adds"),
            Read = Number("read_gigabytes_per_second"),
            WeightType = root.GetProperty("weight_type").GetString(),
            Isa = root.GetProperty("isa").GetString(),
        };

        double Number(string name) => root.TryGetProperty(name, out JsonElement value) ? value.GetDouble() : 0;
    }

    /// <summary>The lines that the peer printed, one a repetition: the best of each figure.</summary>
    public static Sample OfPeer(string lines)
    {
        JsonElement[] runs = Objects(lines);
        if (runs.Length == 0) throw new FormatException("the peer printed no result");
        return new Sample
        {
            Kind = Run,
            Program = Peer,
            Prefill = runs.Max(run => run.GetProperty("prefill_tps").GetDouble()),
            Decode = runs.Max(run => run.GetProperty("decode_tps").GetDouble()),
        };
    }

    /// <summary>The lines of the limits, one a number of threads.</summary>
    public static IEnumerable<Sample> OfLimits(string lines) => Objects(lines).Select(line => new Sample
    {
        Kind = Limits,
        Threads = line.GetProperty("threads").GetInt32(),
        Read = line.GetProperty("read_gbps").GetDouble(),
        Int8 = line.GetProperty("int8_gmacs").GetDouble(),
        Int4 = line.GetProperty("int4_gmacs").GetDouble(),
        F32 = line.GetProperty("f32_gmacs").GetDouble(),
        Vnni = line.GetProperty("avx_vnni").GetBoolean(),
    });

    private static JsonElement[] Objects(string lines) =>
        [.. lines.Split('\n').Where(line => line.StartsWith('{')).Select(line => JsonDocument.Parse(line).RootElement)];
}
