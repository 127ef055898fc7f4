using System.Globalization;
using Engine.Reports;
using static Engine.Reports.SvgPicture;

namespace Engine.Compare;

/// <summary>Bars as SVG: how many times the peer's speed each build reaches, with a mark where the machine's limit is.
/// </summary>
/// <remarks>Ratios, because they have one scale for all models.</remarks>
internal sealed class RatioChart(string title, string limitName)
{
    private const int Width = 880, Left = 250, Right = 190, Top = 84, BarHeight = 16, GroupGap = 12, Bottom = 44;
    private readonly List<string> labels = [];
    private readonly List<(string Group, string Label, double Speed, double Peer, double Limit)> bars = [];
    private SvgPicture svg = null!;

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
        svg = new SvgPicture(Width, height, title);
        DrawLegend();
        for (double value = 0; value <= end + step / 2; value += step) DrawGrid(value, X(value, end), bottom);
        DrawBars(end);
        svg.Line($"<line x1=\"{N(X(1, end))}\" y1=\"{Top - 6}\" x2=\"{N(X(1, end))}\" y2=\"{bottom}\" "
            + "stroke=\"#1c2430\" stroke-width=\"1.5\" stroke-dasharray=\"4 3\"/>");
        return svg.Finish();
    }

    private void DrawLegend()
    {
        double x = 16;
        for (int i = 0; i < labels.Count; i++)
        {
            svg.Line($"<rect x=\"{N(x)}\" y=\"44\" width=\"12\" height=\"12\" fill=\"{ColourOf(i)}\"/>");
            svg.Text(x + 18, 54, labels[i], Ink);
            x += 34 + 7 * labels[i].Length;
        }

        svg.Line($"<line x1=\"{N(x)}\" y1=\"50\" x2=\"{N(x + 18)}\" y2=\"50\" stroke=\"#1c2430\" stroke-width=\"1.5\" "
            + "stroke-dasharray=\"4 3\"/>");
        svg.Text(x + 24, 54, $"{Sample.Peer} = 1", Ink);
        x += 120;
        if (bars.All(bar => bar.Limit <= 0)) return;
        svg.Line($"<rect x=\"{N(x)}\" y=\"43\" width=\"3\" height=\"14\" fill=\"#c0392b\"/>");
        svg.Text(x + 9, 54, limitName, Ink);
    }

    private void DrawGrid(double value, double x, int bottom)
    {
        svg.Line($"<line x1=\"{N(x)}\" y1=\"{Top - 6}\" x2=\"{N(x)}\" y2=\"{bottom}\" stroke=\"#d8dde4\"/>");
        svg.Text(x, bottom + 18, value.ToString("0.#", CultureInfo.InvariantCulture) + "×",
            $"text-anchor=\"middle\" {Faint}");
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
                svg.Text(Left - 10, y + count * BarHeight / 2.0 + 4, bar.Group, $"text-anchor=\"end\" {Ink}");
                group = bar.Group;
            }

            double ratio = bar.Speed / bar.Peer, limit = bar.Limit / bar.Peer;
            svg.Line($"<rect x=\"{Left}\" y=\"{N(y + 1)}\" width=\"{N(X(ratio, end) - Left)}\" "
                + $"height=\"{BarHeight - 2}\" fill=\"{ColourOf(labels.IndexOf(bar.Label))}\"/>");
            if (limit > 0)
                svg.Line($"<rect x=\"{N(X(limit, end) - 1.5)}\" y=\"{N(y)}\" width=\"3\" height=\"{BarHeight}\" "
                    + "fill=\"#c0392b\"/>");
            string text = string.Create(CultureInfo.InvariantCulture, $"{ratio:F2}×  {bar.Speed:F1} tokens/s");
            svg.Text(Width - Right + 18, y + 12, text, Ink);
            y += BarHeight;
        }
    }

    private static double X(double ratio, double end) => Left + (Width - Left - Right) * ratio / end;
}
