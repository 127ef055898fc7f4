using System.Globalization;
using System.Security;
using System.Text;

namespace Engine.Compare;

/// <summary>Bars as SVG: how many times the peer's speed each build reaches, with a mark where the machine's limit is.
/// </summary>
/// <remarks>Ratios, because they have one scale for all models. The picture brings its own background, so that it can
/// be read on dark pages, too.</remarks>
internal sealed class RatioChart(string title, string limitName)
{
    private const int Width = 880, Left = 250, Right = 190, Top = 84, BarHeight = 16, GroupGap = 12, Bottom = 44;
    private static readonly string[] Colours = ["#2563a8", "#d9822b", "#3c8d5a", "#8a56ac", "#b0413e"];
    private readonly List<string> labels = [];
    private readonly List<(string Group, string Label, double Speed, double Peer, double Limit)> bars = [];
    private readonly StringBuilder svg = new();

    public bool IsEmpty => bars.Count == 0;

    /// <summary>Adds a bar; those of one group stand together.</summary>
    /// <param name="group">What was measured.</param>
    /// <param name="label">The build.</param>
    /// <param name="speed">Tokens per second.</param>
    /// <param name="peer">The peer's.</param>
    /// <param name="limit">What the machine's limit would give, in tokens per second; 0 = unknown.</param>
    public void Add(string group, string label, double speed, double peer, double limit)
    {
        if (speed <= 0 || peer <= 0) return;
        if (!labels.Contains(label)) labels.Add(label);
        bars.Add((group, label, speed, peer, limit));
    }

    /// <summary>The picture.</summary>
    public string Draw()
    {
        double largest = bars.Max(bar => Math.Max(bar.Speed, bar.Limit) / bar.Peer);
        double step = largest > 12 ? 5 : largest > 5 ? 2 : largest > 2.5 ? 1 : 0.5;
        double end = Math.Ceiling(largest / step) * step;
        int groups = bars.Select(bar => bar.Group).Distinct().Count();
        int bottom = Top + bars.Count * BarHeight + groups * GroupGap;
        int height = bottom + Bottom;
        Line($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {height}\" width=\"{Width}\" "
            + $"height=\"{height}\" font-family=\"system-ui, 'DejaVu Sans', sans-serif\" font-size=\"12\">");
        Line($"<title>{Escape(title)}</title>");
        Line($"<rect width=\"{Width}\" height=\"{height}\" rx=\"6\" fill=\"#fcfcfd\"/>");
        Text(16, 28, title, "font-size=\"16\" font-weight=\"600\" fill=\"#1c2430\"");
        DrawLegend();
        for (double value = 0; value <= end + step / 2; value += step) DrawGrid(value, X(value, end), bottom);
        DrawBars(end);
        Line($"<line x1=\"{N(X(1, end))}\" y1=\"{Top - 6}\" x2=\"{N(X(1, end))}\" y2=\"{bottom}\" stroke=\"#1c2430\" "
            + "stroke-width=\"1.5\" stroke-dasharray=\"4 3\"/>");
        Line($"</svg>");
        return svg.ToString().ReplaceLineEndings("\n");
    }

    private void DrawLegend()
    {
        double x = 16;
        for (int i = 0; i < labels.Count; i++)
        {
            Line($"<rect x=\"{N(x)}\" y=\"44\" width=\"12\" height=\"12\" fill=\"{ColourOf(i)}\"/>");
            Text(x + 18, 54, labels[i], "fill=\"#1c2430\"");
            x += 34 + 7 * labels[i].Length;
        }

        Line($"<line x1=\"{N(x)}\" y1=\"50\" x2=\"{N(x + 18)}\" y2=\"50\" stroke=\"#1c2430\" stroke-width=\"1.5\" "
            + "stroke-dasharray=\"4 3\"/>");
        Text(x + 24, 54, $"{Sample.Peer} = 1", "fill=\"#1c2430\"");
        x += 120;
        if (bars.All(bar => bar.Limit <= 0)) return;
        Line($"<rect x=\"{N(x)}\" y=\"43\" width=\"3\" height=\"14\" fill=\"#c0392b\"/>");
        Text(x + 9, 54, limitName, "fill=\"#1c2430\"");
    }

    private void DrawGrid(double value, double x, int bottom)
    {
        Line($"<line x1=\"{N(x)}\" y1=\"{Top - 6}\" x2=\"{N(x)}\" y2=\"{bottom}\" stroke=\"#d8dde4\"/>");
        Text(x, bottom + 18, value.ToString("0.#", CultureInfo.InvariantCulture) + "×",
            "text-anchor=\"middle\" fill=\"#5b6675\"");
    }

    private void DrawBars(double end)
    {
        double y = Top;
        string? group = null;
        foreach (var bar in bars)
        {
            if (bar.Group != group)
            {
                if (group is not null) y += GroupGap;
                int count = bars.Count(other => other.Group == bar.Group);
                Text(Left - 10, y + count * BarHeight / 2.0 + 4, bar.Group, "text-anchor=\"end\" fill=\"#1c2430\"");
                group = bar.Group;
            }

            double ratio = bar.Speed / bar.Peer, limit = bar.Limit / bar.Peer;
            Line($"<rect x=\"{Left}\" y=\"{N(y + 1)}\" width=\"{N(X(ratio, end) - Left)}\" height=\"{BarHeight - 2}\" "
                + $"fill=\"{ColourOf(labels.IndexOf(bar.Label))}\"/>");
            if (limit > 0)
                Line($"<rect x=\"{N(X(limit, end) - 1.5)}\" y=\"{N(y)}\" width=\"3\" height=\"{BarHeight}\" "
                    + "fill=\"#c0392b\"/>");
            string text = string.Create(CultureInfo.InvariantCulture, $"{ratio:F2}×  {bar.Speed:F1} tokens/s");
            Text(Width - Right + 18, y + 12, text, "fill=\"#1c2430\"");
            y += BarHeight;
        }
    }

    private static double X(double ratio, double end) => Left + (Width - Left - Right) * ratio / end;

    private static string ColourOf(int index) => Colours[index % Colours.Length];

    private static string N(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);

    private static string Escape(string text) => SecurityElement.Escape(text);

    private void Text(double x, double y, string text, string attributes) =>
        Line($"<text x=\"{N(x)}\" y=\"{N(y)}\" {attributes}>{Escape(text)}</text>");

    private void Line(FormattableString line) => svg.AppendLine(FormattableString.Invariant(line));

    private void Line(string line) => svg.AppendLine(line);
}
