using System.Text.Json;
using System.Text.Json.Nodes;

namespace Engine.Compare;

/// <summary>One row of what a step printed, with what the step says of all its rows.</summary>
internal sealed record LayerFigure(string Part, JsonElement Step, JsonElement Row)
{
    public string Isa => Step.GetProperty("isa").GetString()!;

    public int Threads => Step.GetProperty("threads").GetInt32();

    /// <summary>Block and sample, which are the same here.</summary>
    public int Budget => Step.TryGetProperty("block", out JsonElement block) ? block.GetInt32() : (int)Number("budget");

    /// <summary>Kind of numbers; "captured" for those of a file.</summary>
    public string Inputs => LayerPlan.MadeUp.Contains(Text("inputs")) ? Text("inputs") : "captured";

    public int Length => (int)Number("n");

    public bool Causal => Row.GetProperty("causal").GetBoolean();

    public int Leaf => (int)Number("leaf");

    public int Heads => (int)Number("heads");

    public double Speedup => Number("speedup");

    public double Error => Number("relative_error");

    public string Method => Text("method");

    /// <summary>A number; NaN if it is missing or null.</summary>
    public double Number(string name) => Row.TryGetProperty(name, out JsonElement value)
        && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : double.NaN;

    /// <summary>A line of a raw file for what a step printed.</summary>
    public static string Line(string part, string printed)
    {
        JsonNode result = JsonNode.Parse(printed) ?? throw new FormatException("expected an object, found null");
        return new JsonObject { ["part"] = part, ["result"] = result }.ToJsonString();
    }

    /// <summary>The rows of a line.</summary>
    /// <exception cref="FormatException">The line is not of such a file.</exception>
    public static IEnumerable<LayerFigure> Parse(string line)
    {
        JsonElement all = JsonDocument.Parse(line).RootElement;
        if (!all.TryGetProperty("part", out JsonElement part) || !all.TryGetProperty("result", out JsonElement result)
            || !result.TryGetProperty("rows", out JsonElement rows))
            throw new FormatException("expected \"part\" and \"result\" with \"rows\"");
        return rows.EnumerateArray().Select(row => new LayerFigure(part.GetString()!, result, row));
    }

    private string Text(string name) => Row.GetProperty(name).GetString()!;
}
