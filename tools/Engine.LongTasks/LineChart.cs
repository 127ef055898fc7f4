using System.Globalization;
using System.Security;
using System.Text;

namespace Engine.LongTasks;

/// <summary>Lines over named places as SVG, in panels side by side.</summary>
/// <remarks>The last line is drawn thick. The picture brings its own background, so that it can be read on dark pages,
/// too.</remarks>
internal sealed class LineChart(string title, IReadOnlyList<string> marks, double top)
{
    private const int Width = 880, Height = 400, Left = 48, Top = 104, Bottom = 44, Gap = 56, Right = 24;

    private static readonly string[] Colours =
        ["#2563a8", "#d9822b", "#3c8d5a", "#8a56ac", "#b0413e", "#5f7f8c", "#1c2430"];

    private readonly List<(string Title, List<(string Label, double[] Values)> Lines)> panels = [];
    private readonly StringBuilder svg = new();

    /// <summary>Opens a panel, beside those that are there.</summary>
    public void AddPanel(string name) => panels.Add((name, []));

    /// <summary>Adds a line to the last panel; NaN where nothing was measured.</summary>
    public void AddLine(string label, double[] values) => panels[^1].Lines.Add((label, values));

    /// <summary>The picture.</summary>
    public string Draw()
    {
        Line($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" width=\"{Width}\" "
            + $"height=\"{Height}\" font-family=\"system-ui, 'DejaVu Sans', sans-serif\" font-size=\"12\">");
        Line($"<title>{SecurityElement.Escape(title)}</title>");
        Line($"<rect width=\"{Width}\" height=\"{Height}\" rx=\"6\" fill=\"#fcfcfd\"/>");
        Write(16, 28, title, "font-size=\"16\" font-weight=\"600\" fill=\"#1c2430\"");
        DrawLegend();
        double width = (Width - Left - Right - (panels.Count - 1) * Gap) / (double)Math.Max(1, panels.Count);
        for (int i = 0; i < panels.Count; i++)
            DrawPanel(panels[i].Title, panels[i].Lines, Left + i * (width + Gap), width);
        Line($"</svg>");
        return svg.ToString().ReplaceLineEndings("\n");
    }

    private void DrawLegend()
    {
        string[] labels = [.. panels.SelectMany(panel => panel.Lines).Select(line => line.Label).Distinct()];
        double x = 16;
        for (int i = 0; i < labels.Length; i++)
        {
            Line($"<rect x=\"{N(x)}\" y=\"48\" width=\"14\" height=\"4\" fill=\"{ColourOf(i)}\"/>");
            Write(x + 20, 54, labels[i], "fill=\"#1c2430\"");
            x += 40 + 7 * labels[i].Length;
        }
    }

    private void DrawPanel(string name, List<(string Label, double[] Values)> lines, double left, double width)
    {
        Write(left, Top - 18, name, "font-weight=\"600\" fill=\"#1c2430\"");
        for (int i = 0; i <= 4; i++)
        {
            double value = top * i / 4, y = Y(value);
            Line($"<line x1=\"{N(left)}\" y1=\"{N(y)}\" x2=\"{N(left + width)}\" y2=\"{N(y)}\" stroke=\"#d8dde4\"/>");
            Write(left - 8, y + 4, N(value), "text-anchor=\"end\" fill=\"#5b6675\"");
        }

        double step = width / Math.Max(1, marks.Count - 1);
        for (int i = 0; i < marks.Count; i++)
        {
            Write(left + i * step, Height - Bottom + 20, marks[i],
                $"text-anchor=\"{(i == marks.Count - 1 ? "end" : "middle")}\" fill=\"#5b6675\"");
        }

        for (int i = 0; i < lines.Count; i++)
        {
            (double X, double Y)[] points = [.. lines[i].Values.Select((value, at) => (left + at * step, Y(value)))
                .Where(point => double.IsFinite(point.Item2))];
            string path = string.Join(' ', points.Select(point => $"{N(point.X)},{N(point.Y)}"));
            int thick = i == lines.Count - 1 ? 3 : 2;
            Line($"<polyline points=\"{path}\" fill=\"none\" stroke=\"{ColourOf(i)}\" stroke-width=\"{thick}\"/>");
            foreach ((double x, double y) in points)
                Line($"<circle cx=\"{N(x)}\" cy=\"{N(y)}\" r=\"3\" fill=\"{ColourOf(i)}\"/>");
        }
    }

    private double Y(double value) => Height - Bottom - (Height - Bottom - Top) * value / top;

    private static string ColourOf(int index) => Colours[index % Colours.Length];

    private static string N(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);

    private void Write(double x, double y, string text, string attributes) =>
        Line($"<text x=\"{N(x)}\" y=\"{N(y)}\" {attributes}>{SecurityElement.Escape(text)}</text>");

    private void Line(string line) => svg.AppendLine(line);
}
