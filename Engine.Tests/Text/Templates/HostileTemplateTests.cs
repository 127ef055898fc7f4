using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Engine.Text;

namespace Engine.Tests.Text.Templates;

/// <summary>Whatever a template does, the process survives: it ends soon, with text or the one exception.</summary>
[TestClass]
public sealed class HostileTemplateTests
{
    private const string Variables =
        """
        {"messages":[{"role":"user","content":"hé😀"},{"role":"assistant","content":null}],
         "tools":[{"a":{"b":[1,2.5,true]}}],"x":3}
        """;

    [TestMethod]
    [DataRow("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")]
    [DataRow("{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}")]
    [DataRow("{% macro m(x) %}{{ m([x]) }}{% endmacro %}{{ m(1) }}")]
    [DataRow("{% macro m() %}{% call m() %}{{ caller() }}{% endcall %}{{ caller }}{% endmacro %}{{ m() }}")]
    [DataRow("{% for x in [[1]] recursive %}{{ loop([[1]]) }}{% endfor %}")]
    [DataRow("{% set ns = namespace() %}{% set ns.ns = ns %}{{ ns }}")]
    [DataRow("{% set l = [1] %}{{ l.append(l) }}{{ l }}")]
    [DataRow("{% set l = [1] %}{{ l.append(l) }}{{ l|tojson }}")]
    [DataRow("{% set l = [1] %}{% for x in l %}{% set _ = l.append(x) %}{% endfor %}")]
    [DataRow("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}")]
    [DataRow("{{ range(100001) }}")]
    [DataRow("{{ range(-9223372036854775807, 9223372036854775807) }}")]
    [DataRow("{{ 'x' * 10**9 }}")]
    [DataRow("{{ 'x' * 9223372036854775807 }}")]
    [DataRow("{{ ([0] * 10**9)|length }}")]
    [DataRow("{{ ((1, 2) * 10**17)|length }}")]
    [DataRow("{% set ns = namespace(s='xx') %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}")]
    [DataRow("{% set ns = namespace(s='xx') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}")]
    [DataRow("{% set ns = namespace(s=[0]) %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}")]
    [DataRow("{% set ns = namespace(s=[0]) %}{% for i in range(99) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}"
        + "{{ ns.s }}")]
    [DataRow("{% set a = namespace(s=[0]) %}{% set b = namespace(s=[0]) %}{% for i in range(99) %}"
        + "{% set a.s = [a.s, a.s] %}{% set b.s = [b.s, b.s] %}{% endfor %}{{ a.s == b.s }}")]
    [DataRow("{% set ns = namespace(s=(0,)) %}{% for i in range(99) %}{% set ns.s = (ns.s, ns.s) %}{% endfor %}"
        + "{{ {ns.s: 1} }}")]
    [DataRow("{% set s = 'x' * 999999 %}{% for i in range(99) %}{{ s }}{% endfor %}")]
    [DataRow("{% set s = 'x' * 99999 %}{{ s.replace('x', s) }}")]
    [DataRow("{% set s = 'x' * 99999 %}{{ s.replace('', s) }}")]
    [DataRow("{% set s = 'x' * 99999 %}{{ s.join(s) }}")]
    [DataRow("{% set s = '\n' * 99999 %}{{ s|indent(9999, true, true) }}")]
    [DataRow("{{ 'a'.center(10**10) }}")]
    [DataRow("{{ 'a'.zfill(10**10) }}")]
    [DataRow("{{ '\t'.expandtabs(10**10) }}")]
    [DataRow("{{ '%999999999999d' % 1 }}")]
    [DataRow("{{ '{:999999999999}'.format(1) }}")]
    [DataRow("{{ '{:>999999999}'.format('a') }}")]
    [DataRow("{{ 'a'|center(10**10) }}")]
    [DataRow("{{ 'a'|indent(10**10, true) }}")]
    [DataRow("{{ [1]|batch(10**10, 0)|list }}")]
    [DataRow("{{ [1]|slice(10**10)|list }}")]
    [DataRow("{{ [[1]]|tojson(indent='x' * 9999999) }}")]
    public void EndsInTheOneException(string template)
    {
        Stopwatch clock = Stopwatch.StartNew();
        Assert.ThrowsExactly<ChatTemplateException>(() => ChatTemplate.Parse(template).Render([]));
        Assert.IsLessThan(30, clock.Elapsed.TotalSeconds);
    }

    [TestMethod]
    [DataRow("(", ")")]
    [DataRow("[", "]")]
    [DataRow("{1:", "}")]
    [DataRow("not ", "")]
    [DataRow("-", "")]
    [DataRow("x if x else ", "")]
    [DataRow("f(", ")")]
    [DataRow("x[", "]")]
    [DataRow("x|d(", ")")]
    [DataRow("x is in (", ")")]
    [DataRow("1 + ", "")]
    [DataRow("1 ~ ", "")]
    [DataRow("1 ** ", "")]
    [DataRow("x and ", "")]
    [DataRow("1 < ", "")]
    public void DeepNestingIsNoStackOverflow(string open, string close)
    {
        StringBuilder text = new("{{ ");
        for (int i = 0; i < 50_000; i++) text.Append(open);
        text.Append('1');
        for (int i = 0; i < 50_000; i++) text.Append(close);
        RenderSafely(text.Append(" }}").ToString(), "{}");
    }

    [TestMethod]
    [DataRow("{% if x %}", "{% endif %}")]
    [DataRow("{% for a in [1] %}", "{% endfor %}")]
    [DataRow("{% macro m() %}", "{% endmacro %}")]
    [DataRow("{% set x %}", "{% endset %}")]
    [DataRow("{% set ", " = 1 %}")]
    [DataRow("{% for ((((", "")]
    [DataRow("{{ x.a", ".a }}")]
    [DataRow("{{ x|string", "|string }}")]
    public void DeepStatementsAreNoStackOverflow(string open, string close)
    {
        StringBuilder text = new();
        for (int i = 0; i < 20_000; i++) text.Append(open);
        for (int i = 0; i < 20_000; i++) text.Append(close);
        RenderSafely(text.ToString(), "{}");
        RenderSafely(open + string.Concat(Enumerable.Repeat("|string", 20_000)) + close, "{}");
        RenderSafely("{{ x" + string.Concat(Enumerable.Repeat(".a", 20_000)) + " }}", "{}");
        RenderSafely("{{ x" + string.Concat(Enumerable.Repeat("|string", 20_000)) + " }}", "{}");
    }

    [TestMethod]
    public void DeepDataIsNoStackOverflow()
    {
        string deep = $$"""{"x":{{new string('[', 20_000)}}{{new string(']', 20_000)}}}""";
        JsonDocumentOptions options = new() { MaxDepth = 30_000 };
        using JsonDocument document = JsonDocument.Parse(deep, options);
        Assert.ThrowsExactly<ChatTemplateException>(
            () => ChatTemplate.Parse("{{ x }}").Render(document.RootElement));
        Assert.ThrowsExactly<ChatTemplateException>(
            () => ChatTemplate.Parse("{{ ('[' * 99999)|from_json }}").Render([]));
    }

    /// <summary>Runs on a thread with the small stack that some systems give.</summary>
    [TestMethod]
    public void SurvivesASmallStack()
    {
        Thread thread = new(
            () =>
            {
                RenderSafely("{% macro m(x) %}{{ [[[[m([x])]]]] ~ (((m(1)))) }}{% endmacro %}{{ m(1) }}", "{}");
                RenderSafely("{{ " + new string('(', 5000) + new string(')', 5000) + " }}", "{}");
                RenderSafely("{{ 1" + string.Concat(Enumerable.Repeat("+1", 5000)) + " }}", "{}");
            },
            256 * 1024);
        thread.Start();
        thread.Join();
    }

    /// <summary>Cuts, doubles and swaps pieces of templates; whatever comes out, nothing else may escape.</summary>
    [TestMethod]
    public void MutatedTemplatesThrowNothingElse()
    {
        using JsonDocument features = JsonDocument.Parse(
            File.ReadAllBytes(TestData.Path("templates", "features.json")));
        string[] seeds = [.. features.RootElement.GetProperty("cases").EnumerateArray()
            .Select(item => item.GetProperty("template").GetString()!)];
        string variables = features.RootElement.GetProperty("variables").GetRawText();
        Random random = new(20250615);
        for (int i = 0; i < 10_000; i++)
        {
            string text = Mutate(seeds[random.Next(seeds.Length)], seeds[random.Next(seeds.Length)], random);
            RenderSafely(text, random.Next(4) == 0 ? Variables : variables);
        }
    }

    private static string Mutate(string text, string other, Random random)
    {
        StringBuilder mutated = new(text);
        for (int n = random.Next(1, 4); n > 0 && mutated.Length > 0; n--)
        {
            int at = random.Next(mutated.Length);
            int length = random.Next(1, Math.Min(12, mutated.Length - at) + 1);
            int from = random.Next(other.Length + 1);
            string piece = other.Substring(from, Math.Min(random.Next(1, 16), other.Length - from));
            switch (random.Next(4))
            {
                case 0: mutated.Remove(at, length); break;
                case 1: mutated.Insert(at, mutated.ToString(at, length)); break;
                case 2: mutated.Remove(at, length).Insert(at, piece); break;
                default: mutated.Insert(at, piece); break;
            }
        }

        return mutated.ToString();
    }

    private static void RenderSafely(string template, string variables)
    {
        using JsonDocument document = JsonDocument.Parse(variables);
        try
        {
            ChatTemplate.Parse(template).Render(document.RootElement, DateTime.UnixEpoch);
        }
        catch (ChatTemplateException exception)
        {
            Assert.IsGreaterThan(0, exception.Message.Length);
        }
        catch (Exception exception)
        {
            string shown = template.Length > 500 ? template[..500] : template;
            Assert.Fail($"{shown}\nthrew {exception}");
        }
    }
}
