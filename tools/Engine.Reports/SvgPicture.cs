using System.Globalization;
using System.Security;
using System.Text;

namespace Engine.Reports;

/// <summary>An SVG picture with a title, in one style for all reports.</summary>
/// <remarks>It brings its own background, so that it can be read on dark pages, too.</remarks>
internal sealed class SvgPicture
{
    /// <summary>Attributes of text that is read first, and of what explains it.</summary>
    public const string Ink = "fill=\"#1c2430\"", Faint = "fill=\"#5b6675\"";

    private static readonly string[] Colours =
        ["#2563a8", "#d9822b", "#3c8d5a", "#8a56ac", "#b0413e", "#5f7f8c", "#1c2430"];

    private readonly StringBuilder svg = new();

    /// <summary>Begins the picture.</summary>
    public SvgPicture(int width, int height, string title)
    {
        Line($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" "
            + $"height=\"{height}\" font-family=\"system-ui, 'DejaVu Sans', sans-serif\" font-size=\"12\">");
        Line($"<title>{Escape(title)}</title>");
        Line($"<rect width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"#fcfcfd\"/>");
        Text(16, 28, title, $"font-size=\"16\" font-weight=\"600\" {Ink}");
    }

    /// <summary>Colour of a series by 0-based index.</summary>
    public static string ColourOf(int index) => Colours[index % Colours.Length];

    /// <summary>A coordinate.</summary>
    public static string N(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);

    /// <summary>Text as XML has it.</summary>
    public static string Escape(string text) => SecurityElement.Escape(text);

    /// <summary>Adds text.</summary>
    public void Text(double x, double y, string text, string attributes) =>
        Line($"<text x=\"{N(x)}\" y=\"{N(y)}\" {attributes}>{Escape(text)}</text>");

    /// <summary>Adds an element.</summary>
    public void Line(string element) => svg.Append(element).Append('\n');

    /// <summary>Ends the picture.</summary>
    public string Finish()
    {
        Line("</svg>");
        return svg.ToString();
    }
}
