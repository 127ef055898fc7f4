using System.Globalization;
using System.Text.Json;
using Engine.Text;

namespace Engine.Tests.Text.Templates;

/// <summary>The language, feature by feature, against what Jinja2 3.1.6 renders.</summary>
[TestClass]
public sealed class TemplateFeatureTests
{
    [TestMethod]
    public void RendersWhatJinjaRenders()
    {
        using JsonDocument document = JsonDocument.Parse(
            File.ReadAllBytes(TestData.Path("templates", "features.json")));
        JsonElement variables = document.RootElement.GetProperty("variables");
        DateTime now = DateTime.Parse(
            document.RootElement.GetProperty("now").GetString()!, CultureInfo.InvariantCulture);
        List<string> report = [];
        foreach (JsonElement item in document.RootElement.GetProperty("cases").EnumerateArray())
        {
            string template = item.GetProperty("template").GetString()!;
            string? found = TryRender(template, variables, now, out string error);
            string? expected = item.TryGetProperty("expected", out JsonElement text) ? text.GetString() : null;
            if (found == expected) continue;
            report.Add($"{template}\n  expected {expected ?? "an error"}\n  found {found ?? error}");
        }

        Assert.IsEmpty(report, string.Join('\n', report));
    }

    private static string? TryRender(string template, JsonElement variables, DateTime now, out string error)
    {
        error = "";
        try
        {
            return ChatTemplate.Parse(template).Render(variables, now);
        }
        catch (ChatTemplateException exception)
        {
            error = exception.Message;
            return null;
        }
    }

    [TestMethod]
    [DataRow("{% generation %}{% set a = 2 %}{{ a }}{% endgeneration %}{{ a }}", "2")]
    [DataRow("{% set l = [1] %}{% set _ = l.append(2) %}{{ l }}{{ l.pop() }}{{ l.pop(0) }}{{ l }}", "[1, 2]21[]")]
    [DataRow("{{ '{\"a\": [1, 2.0]}' | from_json }}", "{'a': [1, 2.0]}")]
    [DataRow("{{ [1, 2] | map('string') | tojson }}", "[\"1\", \"2\"]")]
    [DataRow("{{ range(99999999999) }}", null)]
    [DataRow("{{ 9223372036854775807 }}", "9223372036854775807")]
    [DataRow("{{ 9223372036854775807 + 1 }}", null)]
    [DataRow("{% include 'x' %}", null)]
    [DataRow("{% import 'x' as y %}", null)]
    [DataRow("{% extends 'x' %}", null)]
    [DataRow("{% break %}", null)]
    public void DiffersFromJinjaWhereChatTemplatesNeedIt(string template, string? expected)
    {
        using JsonDocument none = JsonDocument.Parse("{}");
        Assert.AreEqual(expected, TryRender(template, none.RootElement, DateTime.UnixEpoch, out _));
    }

    [TestMethod]
    public void KeepsNumbersApartAsWritten()
    {
        using JsonDocument numbers = JsonDocument.Parse(
            """{"a":[2,2.0,2e0,1e21,12345678901234567890123,-0.0,1E-7,100000000000000000000.0]}""");
        Assert.AreEqual(
            "[2, 2.0, 2.0, 1e+21, 12345678901234567890123, -0.0, 1e-07, 1e+20]",
            ChatTemplate.Parse("{{ a }}").Render(numbers.RootElement));
    }

    [TestMethod]
    public void TellsTheLineAndWhoRaised()
    {
        ChatTemplateException syntax = Assert.ThrowsExactly<ChatTemplateException>(
            () => ChatTemplate.Parse("a\n{{ b }}\n{% if %}"));
        Assert.AreEqual(3, syntax.Line);
        Assert.IsFalse(syntax.RaisedByTemplate);
        ChatTemplate template = ChatTemplate.Parse("\n\n{{ raise_exception('no ' ~ messages[0].role) }}");
        ChatTemplateException raised = Assert.ThrowsExactly<ChatTemplateException>(
            () => template.Render([new ChatMessage("user", "x")]));
        Assert.AreEqual("no user", raised.Message);
        Assert.IsTrue(raised.RaisedByTemplate);
        Assert.AreEqual(3, raised.Line);
    }

    [TestMethod]
    public void RendersAConversation()
    {
        ChatTemplate template = ChatTemplate.Parse(
            "{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m['content'] | trim }}{{ eos_token }}\n{% endfor %}"
            + "{% if add_generation_prompt %}<assistant>{% endif %}{{ tools is none }}{{ extra }}");
        using JsonDocument extra = JsonDocument.Parse("""{"extra":[1]}""");
        string text = template.Render(
            [new ChatMessage("system", " be kind "), new ChatMessage("user", "hi")],
            bosToken: "[B]", eosToken: "[E]", variables: extra.RootElement);
        Assert.AreEqual("[B]<system>be kind[E]\n<user>hi[E]\n<assistant>True[1]", text);
        Assert.AreEqual("False", ChatTemplate.Parse("{{ add_generation_prompt }}").Render([], false));
    }
}
