using System.Globalization;
using System.Text;

namespace Engine.Cli;

/// <summary>Errors of heads as a map: a row for each layer, a cell for each head.</summary>
internal static class HeatMap
{
    private const int CellWidth = 24, CellHeight = 14, Margin = 60;

    // Steps of error, good to bad, with a letter for pipes, a 256-colour for terminals and one for pictures.
    private static readonly (double Below, char Letter, int Terminal, string Picture)[] Steps =
    [
        (0.05, '.', 22, "#1a7f37"),
        (0.1, ':', 64, "#7fb347"),
        (0.2, '+', 178, "#e0b53c"),
        (0.4, '*', 166, "#d9772b"),
        (double.PositiveInfinity, '#', 88, "#a31f1f"),
    ];

    /// <summary>Writes the map as text, coloured for a terminal.</summary>
    public static void Write(AttentionCalibration calibration, TextWriter output, bool coloured)
    {
        output.WriteLine("relative error of each head (. < 0.05, : < 0.1, + < 0.2, * < 0.4, # more)");
        for (int layer = 0; layer < calibration.LayerCount; layer++)
        {
            output.Write(string.Create(CultureInfo.InvariantCulture, $"layer {layer,3} "));
            for (int head = 0; head < calibration.HeadCount(layer); head++)
            {
                var step = StepOf(calibration.ErrorOf(layer, head));
                output.Write(coloured ? $"\e[48;5;{step.Terminal}m{step.Letter} \e[0m" : $"{step.Letter} ");
            }

            output.WriteLine();
        }
    }

    /// <summary>The map as an SVG picture; each cell's tooltip tells its numbers.</summary>
    public static string Svg(AttentionCalibration calibration)
    {
        int columns = 0, range = calibration.Lengths.Count - 1;
        for (int layer = 0; layer < calibration.LayerCount; layer++)
            columns = Math.Max(columns, calibration.HeadCount(layer));
        int width = Margin + (columns * CellWidth) + 180, height = Margin + (calibration.LayerCount * CellHeight) + 20;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" ")
            .Append(CultureInfo.InvariantCulture, $"height=\"{height}\" font-family=\"sans-serif\" font-size=\"11\">\n")
            .Append("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n")
            .Append(CultureInfo.InvariantCulture, $"<text x=\"{Margin}\" y=\"20\">Relative error of approximate ")
            .Append(CultureInfo.InvariantCulture, $"attention by layer and head, up to {calibration.Lengths[range]}")
            .Append(" tokens</text>\n");
        for (int layer = 0; layer < calibration.LayerCount; layer++)
        {
            int y = Margin - 20 + (layer * CellHeight);
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"10\" y=\"{y + 11}\">layer {layer}</text>\n");
            for (int head = 0; head < calibration.HeadCount(layer); head++)
            {
                double error = calibration.ErrorOf(layer, head);
                svg.Append(CultureInfo.InvariantCulture,
                    $"<rect x=\"{Margin + (head * CellWidth)}\" y=\"{y}\" width=\"{CellWidth - 2}\" ");
                svg.Append(CultureInfo.InvariantCulture,
                    $"height=\"{CellHeight - 2}\" fill=\"{StepOf(error).Picture}\">");
                svg.Append(CultureInfo.InvariantCulture, $"<title>layer {layer}, head {head}: ");
                svg.Append(CultureInfo.InvariantCulture, $"error {error:F4}, log-sum-exp ");
                svg.Append(CultureInfo.InvariantCulture,
                    $"{calibration.LogSumExpErrorOf(layer, head, range):F4}</title></rect>\n");
            }
        }

        AppendLegend(svg, Margin + (columns * CellWidth) + 20);
        return svg.Append("</svg>\n").ToString();
    }

    private static void AppendLegend(StringBuilder svg, int x)
    {
        for (int i = 0; i < Steps.Length; i++)
        {
            int y = Margin - 20 + (i * 20);
            string label = double.IsInfinity(Steps[i].Below) ? "more"
                : string.Create(CultureInfo.InvariantCulture, $"below {Steps[i].Below}");
            svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{x}\" y=\"{y}\" width=\"16\" height=\"12\" ")
                .Append(CultureInfo.InvariantCulture, $"fill=\"{Steps[i].Picture}\"/>")
                .Append(CultureInfo.InvariantCulture, $"<text x=\"{x + 24}\" y=\"{y + 11}\">{label}</text>\n");
        }
    }

    private static (double Below, char Letter, int Terminal, string Picture) StepOf(double error)
    {
        foreach (var step in Steps)
            if (error < step.Below) return step;
        return Steps[^1];
    }
}
