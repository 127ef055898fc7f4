using System.Text.Json;
using System.Text.Json.Serialization;

namespace Engine.LongTasks;

/// <summary>One line of the raw results: a question and what came of it, a document that has been read and asked, or
/// what the machine is.</summary>
internal sealed record TaskSample
{
    public const string Machine = "machine";
    public const string Document = "document";
    public const string Question = "question";

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter() },
    };

    public required string Kind { get; init; }

    /// <summary>The machine, the date and the command, a line of text each.</summary>
    public IReadOnlyList<string>? Facts { get; init; }

    /// <summary>Kind of the document.</summary>
    public string? Source { get; init; }

    public int Seed { get; init; }

    /// <summary>Tokens of the context.</summary>
    public int Length { get; init; }

    /// <summary>Name of the attention.</summary>
    public string? Setting { get; init; }

    /// <summary>Seconds for which the document was read.</summary>
    public double? Seconds { get; init; }

    public TaskKind? Task { get; init; }

    /// <summary>Which question of this document.</summary>
    public int Index { get; init; }

    /// <summary>From 0 to 100.</summary>
    public double? Score { get; init; }

    /// <summary>Score of whoever guesses.</summary>
    public double? Chance { get; init; }

    /// <summary>Whether the model would write the right answer.</summary>
    public bool? Match { get; init; }

    /// <summary>Nats per token of the right answer.</summary>
    public double? Loss { get; init; }

    public string? Answer { get; init; }

    public string? Right { get; init; }

    /// <summary>What a document with its questions is called; measured once.</summary>
    [JsonIgnore]
    public (string?, int, int, string?) Run => (Source, Seed, Length, Setting);

    /// <summary>The question, whatever the attention.</summary>
    [JsonIgnore]
    public (string?, int, int, int) Asked => (Source, Seed, Length, Index);

    public string ToJson() => JsonSerializer.Serialize(this, Options);

    /// <summary>Reads a line that <see cref="ToJson"/> wrote.</summary>
    public static TaskSample Parse(string line) => JsonSerializer.Deserialize<TaskSample>(line, Options)
        ?? throw new FormatException("null is no sample");
}
