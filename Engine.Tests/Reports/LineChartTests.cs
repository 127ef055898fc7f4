using System.Globalization;
using System.Xml.Linq;
using Engine.Reports;

namespace Engine.Tests.Reports;

/// <summary>Lines of a chart: where they go, and what is left out.</summary>
[TestClass]
public sealed class LineChartTests
{
    [TestMethod]
    public void Points_lie_where_their_values_are()
    {
        var chart = new LineChart("A < B", columns: 2);
        LinePanel panel = chart.Add("y & z", "x", "0.#");
        foreach ((double x, double y) in ((double, double)[])[(0, 10), (5, 20), (20, 15)]) panel.Add("s", x, y, "p");
        panel.Add("s", 30, double.NaN, "not measured");
        XElement root = XDocument.Parse(chart.Draw()).Root!;
        Assert.AreEqual("A < B", root.Elements().First(element => element.Name.LocalName == "title").Value);
        Assert.Contains("y & z", root.Value);
        Assert.Contains("p: 15", root.Value);
        (double X, double Y)[] points = [.. Named(root, "circle").Select(circle => (Number(circle, "cx"),
            Number(circle, "cy")))];
        Assert.HasCount(3, points);
        Assert.AreEqual(4, (points[2].X - points[0].X) / (points[1].X - points[0].X), 0.01);
        Assert.AreEqual(2, (points[0].Y - points[1].Y) / (points[0].Y - points[2].Y), 0.01);
        string line = string.Join(' ', points.Select(point => string.Create(CultureInfo.InvariantCulture,
            $"{point.X:0.#},{point.Y:0.#}")));
        Assert.AreEqual(line, Named(root, "polyline").Single().Attribute("points")!.Value);
    }

    [TestMethod]
    public void What_is_above_the_top_does_not_stretch_the_panel()
    {
        var chart = new LineChart("t", columns: 1);
        LinePanel whole = chart.Add("whole", "x", "0.#"), near = chart.Add("near", "x", "0.#");
        near.Top = 5;
        foreach (LinePanel panel in (LinePanel[])[whole, near])
        {
            panel.Add("a", 0, 1, "");
            panel.Add("a", 1, 4, "");
            panel.Add("b", 1, 400, "");
        }

        XElement root = XDocument.Parse(chart.Draw()).Root!;
        double[] y = [.. Named(root, "circle").Select(circle => Number(circle, "cy"))];
        Assert.IsLessThan(5, y[0] - y[1], "400 makes 1 and 4 look alike");
        Assert.IsGreaterThan(100, y[3] - y[4]);
        Assert.IsLessThan(0, y[5], "far above, where the clip path hides it");
        Assert.HasCount(2, Named(root, "clipPath"));
    }

    [TestMethod]
    public void A_series_has_one_colour_in_all_panels()
    {
        var chart = new LineChart("t", columns: 2);
        chart.Add("1", "x", "0").Add("a", 0, 1, "");
        LinePanel second = chart.Add("2", "x", "0");
        second.Add("b", 0, 1, "");
        second.Add("a", 0, 2, "");
        XElement root = XDocument.Parse(chart.Draw()).Root!;
        string[] colours = [.. Named(root, "circle").Select(circle => circle.Attribute("fill")!.Value)];
        Assert.AreEqual(colours[0], colours[1]);
        Assert.AreNotEqual(colours[0], colours[2]);
    }

    private static XElement[] Named(XElement root, string name) =>
        [.. root.Descendants().Where(element => element.Name.LocalName == name)];

    private static double Number(XElement element, string attribute) =>
        double.Parse(element.Attribute(attribute)!.Value, CultureInfo.InvariantCulture);
}
