using System.Text.Json;
using System.Text.Json.Serialization;

namespace Engine.Reports;

/// <summary>Samples as lines of JSON; members that have no value are left out.</summary>
internal static class JsonLine
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    };

    public static string Write<T>(T sample) => JsonSerializer.Serialize(sample, Options);

    /// <summary>Reads a line that <see cref="Write"/> wrote.</summary>
    public static T Read<T>(string line) => JsonSerializer.Deserialize<T>(line, Options)
        ?? throw new FormatException("null is no sample");
}
