using System.Globalization;
using System.Text.Json;
using Engine.Text;

namespace Engine.Tests.Text.Templates;

/// <summary>Publishers' templates against what transformers renders, case by case.</summary>
[TestClass]
public sealed class ReferenceTemplateTests
{
    [TestMethod]
    public void RendersWhatTransformersRenders()
    {
        string folder = TestData.SharedOrSkip("templates");
        List<string> report = [];
        int count = 0;
        foreach (string path in Directory.GetFiles(folder, "*.cases.json").Order(StringComparer.Ordinal))
            count += Check(path, report);
        Assert.IsGreaterThan(0, count);
        if (report.Count > 0) Assert.Fail($"of {count} cases:\n{string.Join('\n', report)}");
    }

    private static int Check(string path, List<string> report)
    {
        string text = File.ReadAllText(path.Replace(".cases.json", ".jinja"));
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        JsonElement root = document.RootElement;
        DateTime now = DateTime.Parse(root.GetProperty("now").GetString()!, CultureInfo.InvariantCulture);
        ChatTemplate template = ChatTemplate.Parse(text);
        int count = 0;
        int wrong = 0;
        string first = "";
        foreach (JsonElement item in root.GetProperty("cases").EnumerateArray())
        {
            count++;
            if (Judge(template, item, now) is not { } complaint) continue;
            if (wrong++ == 0) first = $"{item.GetProperty("name").GetString()}: {complaint}";
        }

        if (wrong > 0) report.Add($"{Path.GetFileName(path)}: {wrong} of {count} wrong, first {first}");
        return count;
    }

    /// <summary>What is wrong with a case, or null.</summary>
    private static string? Judge(ChatTemplate template, JsonElement item, DateTime now)
    {
        string? error = null;
        string? rendered = null;
        bool isRaised = false;
        try
        {
            rendered = template.Render(item.GetProperty("input"), now);
        }
        catch (ChatTemplateException exception)
        {
            error = exception.Message;
            isRaised = exception.RaisedByTemplate;
        }

        if (item.TryGetProperty("expected", out JsonElement expected))
            return Differ(expected.GetString()!, rendered ?? $"error: {error}");
        if (item.GetProperty("error_from").GetString() == "raise_exception")
        {
            string message = item.GetProperty("error").GetString()!;
            return isRaised ? Differ(message, error!) : $"not raised but {error ?? "rendered"}";
        }

        if (rendered is null) return isRaised ? $"raised by the template: {error}" : null;
        return item.TryGetProperty("alt_expected", out JsonElement alternative)
            ? Differ(alternative.GetString()!, rendered)
            : $"rendered, where Python says {item.GetProperty("python_error").GetString()}";
    }

    private static string? Differ(string expected, string found)
    {
        int at = expected.AsSpan().CommonPrefixLength(found);
        if (at == expected.Length && at == found.Length) return null;
        int from = Math.Max(at - 30, 0);
        return $"at {at}: expected «{Excerpt(expected, from)}», found «{Excerpt(found, from)}»";
    }

    private static string Excerpt(string text, int from) =>
        text.Substring(from, Math.Min(90, text.Length - from)).Replace("\n", "\\n");
}
