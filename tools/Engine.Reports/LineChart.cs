using System.Globalization;
using static Engine.Reports.SvgPicture;

namespace Engine.Reports;

/// <summary>Lines as SVG: panels side by side, in which a series has the same colour.</summary>
internal sealed class LineChart(string title, int columns)
{
    private const int PanelWidth = 440, PanelHeight = 280, Head = 68;
    private readonly List<LinePanel> panels = [];

    /// <summary>Adds a panel.</summary>
    /// <param name="name">What goes up.</param>
    /// <param name="xName">What goes to the right, from 0 on.</param>
    /// <param name="format">Of the values at the grid.</param>
    public LinePanel Add(string name, string xName, string format)
    {
        var panel = new LinePanel(name, xName, format);
        panels.Add(panel);
        return panel;
    }

    /// <summary>The picture.</summary>
    public string Draw()
    {
        int across = Math.Min(columns, panels.Count), down = (panels.Count + columns - 1) / columns;
        var svg = new SvgPicture(across * PanelWidth, Head + (down * PanelHeight), title);
        string[] series = [.. panels.SelectMany(panel => panel.Series).Distinct()];
        double x = 16;
        for (int i = 0; i < series.Length; i++)
        {
            svg.Line($"<rect x=\"{N(x)}\" y=\"44\" width=\"12\" height=\"12\" fill=\"{ColourOf(i)}\"/>");
            svg.Text(x + 18, 54, series[i], Ink);
            x += 34 + (7 * series[i].Length);
        }

        for (int i = 0; i < panels.Count; i++)
        {
            panels[i].Draw(svg, series, i % columns * PanelWidth, Head + (i / columns * PanelHeight), PanelWidth,
                PanelHeight);
        }

        return svg.Finish();
    }
}

/// <summary>One system of axes.</summary>
internal sealed class LinePanel(string name, string xName, string format)
{
    private const int Left = 64, Right = 24, Above = 30, Below = 48, Steps = 5;
    private readonly List<(string Series, double X, double Y, string Name)> points = [];

    /// <summary>What is above does not fit: lines leave the panel there.</summary>
    public double Top { get; set; } = double.PositiveInfinity;

    public IEnumerable<string> Series => points.Select(point => point.Series).Distinct();

    /// <summary>Adds a point to the line of a series; what is not a number is left out.</summary>
    /// <param name="series">The line.</param>
    /// <param name="x">At least as far to the right as the point before.</param>
    /// <param name="y">The value.</param>
    /// <param name="pointName">What its tooltip says.</param>
    public void Add(string series, double x, double y, string pointName)
    {
        if (!double.IsNaN(y)) points.Add((series, x, y, pointName));
    }

    /// <summary>Draws into a rectangle of the picture.</summary>
    public void Draw(SvgPicture svg, IReadOnlyList<string> series, int x0, int y0, int width, int height)
    {
        double[] shown = [.. points.Select(point => point.Y).Where(y => y <= Top)];
        if (shown.Length == 0) return;
        double right = points.Max(point => point.X), least = shown.Min(), most = shown.Max();
        double step = Nice((most - least) / Steps), bottom = Math.Floor(least / step) * step;
        double top = Math.Ceiling(most / step) * step;
        if (top <= bottom) top = bottom + step;
        var area = new Area(x0 + Left, y0 + Above, width - Left - Right, height - Above - Below, Math.Max(right, 1e-9),
            bottom, top);
        svg.Text(x0 + 16, y0 + 16, name, $"font-weight=\"600\" {Ink}");
        svg.Text(area.X + (area.Width / 2.0), y0 + height - 10, xName, $"text-anchor=\"middle\" {Faint}");
        DrawGrid(svg, area, step);
        string clip = $"panel-{x0}-{y0}";
        svg.Line($"<clipPath id=\"{clip}\"><rect x=\"{area.X - 5}\" y=\"{area.Y - 5}\" width=\"{area.Width + 10}\" "
            + $"height=\"{area.Height + 10}\"/></clipPath>");
        svg.Line($"<g clip-path=\"url(#{clip})\">");
        for (int i = 0; i < series.Count; i++) DrawLine(svg, area, series[i], ColourOf(i));
        svg.Line("</g>");
    }

    private void DrawGrid(SvgPicture svg, in Area area, double step)
    {
        for (int i = 0; area.Bottom + (i * step) <= area.Top + (step / 2); i++)
        {
            double value = area.Bottom + (i * step), y = area.Vertical(value);
            svg.Line($"<line x1=\"{area.X}\" y1=\"{N(y)}\" x2=\"{area.X + area.Width}\" y2=\"{N(y)}\" "
                + "stroke=\"#d8dde4\"/>");
            svg.Text(area.X - 8, y + 4, Text(Math.Round(value, 9)), $"text-anchor=\"end\" {Faint}");
        }

        double across = Nice(area.Right / Steps);
        for (int i = 0; i * across <= area.Right + 1e-9; i++)
        {
            svg.Text(area.Horizontal(i * across), area.Y + area.Height + 16,
                (i * across).ToString("0.##", CultureInfo.InvariantCulture), $"text-anchor=\"middle\" {Faint}");
        }
    }

    private void DrawLine(SvgPicture svg, in Area area, string series, string colour)
    {
        string line = "";
        foreach (var point in points)
            if (point.Series == series) line += $" {N(area.Horizontal(point.X))},{N(area.Vertical(point.Y))}";
        svg.Line($"<polyline points=\"{line.Trim()}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>");
        foreach (var point in points)
        {
            if (point.Series != series) continue;
            svg.Line($"<circle cx=\"{N(area.Horizontal(point.X))}\" cy=\"{N(area.Vertical(point.Y))}\" r=\"3.5\" "
                + $"fill=\"{colour}\"><title>{Escape($"{point.Name}: {Text(point.Y)}")}</title></circle>");
        }
    }

    private string Text(double value) => value.ToString(format, CultureInfo.InvariantCulture);

    /// <summary>The 1, 2 or 5 times a power of ten that is at least so much.</summary>
    private static double Nice(double atLeast)
    {
        if (!(atLeast > 0)) return 1;
        double power = Math.Pow(10, Math.Floor(Math.Log10(atLeast)));
        return atLeast <= power ? power : atLeast <= 2 * power ? 2 * power : atLeast <= 5 * power ? 5 * power
            : 10 * power;
    }

    private readonly record struct Area(int X, int Y, int Width, int Height, double Right, double Bottom, double Top)
    {
        public double Horizontal(double x) => X + (Width * x / Right);

        public double Vertical(double y) => Y + (Height * (Top - y) / (Top - Bottom));
    }
}
