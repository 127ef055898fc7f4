using Engine.Reports;

namespace Engine.LongText;

/// <summary>One line of the raw results: how well a setting predicts, or how fast it reads, or where that was measured.
/// </summary>
/// <remarks>Members that do not belong to the kind are left out of the file.</remarks>
internal sealed record LongTextSample
{
    public const string Machine = "machine", Quality = "quality", Time = "time";

    public required string Kind { get; init; }

    /// <summary>Processor and system, a line of text each.</summary>
    public IReadOnlyList<string>? Facts { get; init; }

    /// <summary>The command that measured.</summary>
    public string? Command { get; init; }

    /// <summary>When.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Name of the model's file.</summary>
    public string? Model { get; init; }

    /// <summary>Name of the text's file.</summary>
    public string? Text { get; init; }

    public int Tokens { get; init; }

    public string? Series { get; init; }

    public string? Setting { get; init; }

    /// <summary>What a query sees, in words.</summary>
    public string? Sees { get; init; }

    /// <summary>Where its hyperplanes and samples begin.</summary>
    public ulong Seed { get; init; }

    /// <summary>Keys that an approximate query sees on the mean.</summary>
    public double KeysPerQuery { get; init; }

    /// <summary>Approximated heads.</summary>
    public int Heads { get; init; }

    public int AllHeads { get; init; }

    public int Layers { get; init; }

    /// <summary>Predictions scored.</summary>
    public long Scored { get; init; }

    /// <summary>Nats per token.</summary>
    public double Nll { get; init; }

    public int Threads { get; init; }

    /// <summary>Time of attention within the prefill.</summary>
    public double AttentionSeconds { get; init; }

    /// <summary>Time of the whole prefill.</summary>
    public double PrefillSeconds { get; init; }

    public string ToJson() => JsonLine.Write(this);

    /// <summary>Reads a line that <see cref="ToJson"/> wrote.</summary>
    public static LongTextSample Parse(string line) => JsonLine.Read<LongTextSample>(line);
}
