using System.Globalization;
using Engine.Reports;
using static Engine.Reports.SvgPicture;

namespace Engine.Compare;

/// <summary>Lines over two logarithmic axes as SVG.</summary>
internal sealed class LogChart(string title, string horizontal, string vertical)
{
    private const int Width = 760, Height = 460, Left = 78, Right = 40, Top = 96, Bottom = 56;
    private readonly List<(string Label, (double X, double Y)[] Points)> lines = [];
    private double minX, maxX, minY, maxY;

    public bool IsEmpty => lines.Count == 0;

    /// <summary>Adds a line through points with positive coordinates; without any there is none.</summary>
    public void Add(string label, IEnumerable<(double X, double Y)> points)
    {
        (double X, double Y)[] own = [.. points.Where(point => point is { X: > 0, Y: > 0 }).OrderBy(point => point.X)];
        if (own.Length > 0) lines.Add((label, own));
    }

    /// <summary>The picture.</summary>
    public string Draw()
    {
        (double X, double Y)[] all = [.. lines.SelectMany(line => line.Points)];
        (minX, maxX) = (all.Min(point => point.X), all.Max(point => point.X));
        double lowest = all.Min(point => point.Y), highest = all.Max(point => point.Y);
        double[] marks = [.. Marks(lowest, highest)];
        (minY, maxY) = (Math.Min(marks[0], lowest), Math.Max(marks[^1], highest));
        var svg = new SvgPicture(Width, Height, title);
        DrawAxes(svg, all.Select(point => point.X).Distinct().Order(), marks);
        double x = 16;
        for (int i = 0; i < lines.Count; i++)
        {
            svg.Line($"<rect x=\"{N(x)}\" y=\"48\" width=\"12\" height=\"12\" fill=\"{ColourOf(i)}\"/>");
            svg.Text(x + 18, 58, lines[i].Label, Ink);
            x += 40 + (6.6 * lines[i].Label.Length);
            DrawLine(svg, lines[i].Points, lines[i].Label, ColourOf(i));
        }

        return svg.Finish();
    }

    /// <summary>1, 2 and 5 times powers of ten, as far as they enclose the values.</summary>
    internal static IEnumerable<double> Marks(double lowest, double highest)
    {
        for (int power = (int)Math.Floor(Math.Log10(lowest)); ; power++)
        {
            foreach (int digit in (int[])[1, 2, 5])
            {
                double mark = digit * Math.Pow(10, power);
                // The next smaller mark is at least 0.4 of this one.
                if (mark >= lowest * 0.45) yield return mark;
                if (mark >= highest) yield break;
            }
        }
    }

    private void DrawAxes(SvgPicture svg, IEnumerable<double> columns, double[] marks)
    {
        foreach (double value in columns)
        {
            svg.Line($"<line x1=\"{N(X(value))}\" y1=\"{Top}\" x2=\"{N(X(value))}\" y2=\"{Height - Bottom}\" "
                + "stroke=\"#e6e9ee\"/>");
            svg.Text(X(value), Height - Bottom + 18, value.ToString("#,0.###", CultureInfo.InvariantCulture),
                $"text-anchor=\"middle\" {Faint}");
        }

        foreach (double value in marks)
        {
            svg.Line($"<line x1=\"{Left}\" y1=\"{N(Y(value))}\" x2=\"{Width - Right}\" y2=\"{N(Y(value))}\" "
                + "stroke=\"#d8dde4\"/>");
            svg.Text(Left - 8, Y(value) + 4, value.ToString("#,0.####", CultureInfo.InvariantCulture),
                $"text-anchor=\"end\" {Faint}");
        }

        svg.Text((Left + Width - Right) / 2.0, Height - 14, horizontal, $"text-anchor=\"middle\" {Ink}");
        svg.Text(16, Top - 14, vertical, Ink);
    }

    private void DrawLine(SvgPicture svg, (double X, double Y)[] points, string label, string colour)
    {
        string path = string.Join(' ', points.Select(point => $"{N(X(point.X))},{N(Y(point.Y))}"));
        svg.Line($"<polyline points=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>");
        foreach ((double x, double y) in points)
        {
            string text = string.Create(CultureInfo.InvariantCulture, $"{label}: {x:#,0.###}, {y:G3}");
            svg.Line($"<circle cx=\"{N(X(x))}\" cy=\"{N(Y(y))}\" r=\"3.5\" fill=\"{colour}\">"
                + $"<title>{Escape(text)}</title></circle>");
        }
    }

    private double X(double value) => Left + ((Width - Left - Right) * Share(value, minX, maxX));

    private double Y(double value) => Height - Bottom - ((Height - Top - Bottom) * Share(value, minY, maxY));

    private static double Share(double value, double low, double high) =>
        high > low ? Math.Log(value / low) / Math.Log(high / low) : 0.5;
}
