using System.Globalization;
using System.Xml.Linq;
using Engine.Compare;
using Engine.Tests.Cli;

namespace Engine.Tests.Compare;

/// <summary>From the results of single layers to the document.</summary>
[TestClass]
public sealed class LayerReportTests
{
    private static string Layer(int threads, string inputs, int n, bool causal, int leaf, string exact, double error) =>
        string.Create(CultureInfo.InvariantCulture, $$"""
            {"isa":"avx512","threads":{{threads}},"block":256,"sample":256,"rows":[{"inputs":"{{inputs}}","heads":2,
            "n":{{n}},"causal":{{(causal ? "true" : "false")}},"leaf":{{leaf}},"exact_ms":{{exact}},"hyper_ms":10,
            "speedup":{{(exact == "null" ? "null" : "20.5")}},"relative_error":{{error}},"lse_error":0.25,
            "error_median":0.01,"error_mean":0.02,"error_worst":0.5,"peak_bytes":3000000}]}
            """);

    [TestMethod]
    public void EveryStepIsACommandThatIsUnderstood()
    {
        LayerStep[] steps = [.. LayerPlan.Steps([1, 2], "captured.gguf", [])];
        foreach (string part in (string[])[LayerPlan.Speed, LayerPlan.Defaults, LayerPlan.Errors,
            LayerPlan.DefaultErrors, LayerPlan.Budgets, LayerPlan.Choices, LayerPlan.Crossover])
            Assert.IsTrue(steps.Any(step => step.Part == part), part);
        Assert.AreEqual(1, LayerPlan.Steps([1], null, [LayerPlan.Choices]).Count());
        Assert.IsFalse(LayerPlan.Steps([1], null, []).SelectMany(step => step.Arguments)
            .Any(text => text.Contains("captured")));
        foreach (LayerStep step in steps.Where(step => !step.OfBench))
        {
            string[] options = [.. step.Arguments.Where(text => text.StartsWith("--", StringComparison.Ordinal))];
            CollectionAssert.AllItemsAreUnique(options, string.Join(' ', options));
            // With a length that is no number nothing is measured, but every other option is read.
            string[] arguments = [.. step.Arguments.Select(text => text.Contains("captured") ? "gaussian" : text)];
            arguments[Array.IndexOf(arguments, "--lengths") + 1] = "x";
            var console = new TestConsole();
            Assert.AreEqual(2, console.Run(arguments));
            Assert.Contains("--lengths", console.ErrorText);
            Assert.DoesNotContain("nrecognized", console.ErrorText);
        }
    }

    [TestMethod]
    public void TheDocumentGetsTablesAndCharts()
    {
        string[] lines =
        [
            LayerFigure.Line(LayerPlan.Speed, Layer(1, "gaussian", 4096, true, 1024, "410", 0.03)),
            LayerFigure.Line(LayerPlan.Speed, Layer(2, "gaussian", 4096, true, 1024, "205", 0.03)),
            LayerFigure.Line(LayerPlan.Speed, Layer(1, "gaussian", 8192, false, 1024, "900", 0.04)),
            LayerFigure.Line(LayerPlan.Errors, Layer(1, "clustered", 4096, true, 1024, "null", 0.125)),
            LayerFigure.Line(LayerPlan.Errors, Layer(1, "Some Model", 4096, true, 1024, "null", 0.06)),
            LayerFigure.Line(LayerPlan.Budgets, Layer(1, "gaussian", 8192, true, 512, "null", 0.07)),
        ];
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "layers.md");
        File.WriteAllText(path,
            "before\n\n<!-- measured: layer speed -->\nold\n<!-- end of layer speed -->\n\nafter\n");
        LayerFigure[] figures = [.. lines.SelectMany(LayerFigure.Parse)];
        LayerCommand.Write(path, figures);
        string text = File.ReadAllText(path);
        Assert.Contains(
            "| 4,096 | causal, leaf 1,024 | 2 | 205 | 5.0 | 20.5 | 20.5 | 3 | 0.030, 0.250 | 0.125, 0.250 |", text);
        Assert.Contains("| 8,192 | no mask | 2 | 450 | 5.0 | 20.5 | – | 3 | 0.040, 0.250 | – |", text);
        Assert.Contains("| 4,096 | causal, leaf 1,024 | 2 | 0.060 | 0.010 | 0.020 | 0.500 | 0.250 |", text);
        Assert.Contains("| 256 | 0.070 |", text);
        Assert.DoesNotContain("old", text);
        Assert.Contains("\n\nafter\n", text);
        foreach (string chart in (string[])["layers-speedup.svg", "layers-errors.svg"])
            Assert.AreEqual("svg", XDocument.Load(Path.Combine(folder.Path, chart)).Root!.Name.LocalName);
        LayerCommand.Write(path, figures);
        Assert.AreEqual(text, File.ReadAllText(path), "writing again changes nothing");
        Assert.ThrowsExactly<FormatException>(() => LayerFigure.Parse("{\"part\":\"speed\"}").ToArray());
    }

    [TestMethod]
    public void AChartHasItsPointsWithinItsFrame()
    {
        var chart = new LogChart("a < b", "x", "y");
        Assert.IsTrue(chart.IsEmpty);
        chart.Add("none", [(0, 1), (1, double.NaN)]);
        Assert.IsTrue(chart.IsEmpty);
        chart.Add("line", [(4096, 0.031), (131072, 740), (8192, 2)]);
        XDocument picture = XDocument.Parse(chart.Draw());
        XElement[] circles = [.. picture.Descendants().Where(element => element.Name.LocalName == "circle")];
        Assert.HasCount(3, circles);
        double[] x = [.. circles.Select(circle => (double)circle.Attribute("cx")!)];
        double[] y = [.. circles.Select(circle => (double)circle.Attribute("cy")!)];
        CollectionAssert.AreEqual(x.Order().ToArray(), x);
        CollectionAssert.AreEqual(y.OrderDescending().ToArray(), y);
        Assert.IsTrue(x.All(value => value is >= 78 and <= 736) && y.All(value => value is >= 96 and <= 404));
        // Doubling is a fifth of 32 times.
        Assert.AreEqual((x[2] - x[0]) / 5, x[1] - x[0], 0.2);
        CollectionAssert.AreEqual((double[])[0.02, 0.05, 0.1, 0.2], LogChart.Marks(0.031, 0.12).Select(mark =>
            Math.Round(mark, 6)).ToArray());
    }
}
