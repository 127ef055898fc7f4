using System.Text;

namespace Engine.Reports;

/// <summary>Lists and tables in Markdown.</summary>
internal sealed class MarkdownTables
{
    private readonly StringBuilder text = new();

    /// <summary>Adds an item of a list.</summary>
    public void Item(string item) => text.Append("- ").Append(item).Append('\n');

    /// <summary>Begins a table whose first column is text and whose others are numbers.</summary>
    public void Head(string title, params IReadOnlyList<string> columns)
    {
        text.Append("\n**").Append(title).Append("**\n\n");
        Row(columns);
        Row([.. columns.Select((_, i) => i == 0 ? "---" : "--:")]);
    }

    /// <summary>Adds a row.</summary>
    public void Row(params IReadOnlyList<string> cells) => text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");

    /// <inheritdoc/>
    public override string ToString() => text.ToString();
}
