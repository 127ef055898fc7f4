using System.Globalization;

namespace Engine.Text.Patterns;

/// <summary>General categories as bit masks, by the names that patterns use (<c>L</c>, <c>Lu</c>, <c>P</c>
/// …).</summary>
internal static class CategoryMask
{
    /// <summary>Two-letter names in the order of <see cref="UnicodeCategory"/>.</summary>
    private const string Names = "LuLlLtLmLoMnMcMeNdNlNoZsZlZpCcCfCsCoPcPdPsPePiPfPoSmScSkSoCn";

    public static uint Letter { get; } = Find("L");

    public static uint Mark { get; } = Find("M");

    /// <summary>The categories whose name is or begins with <paramref name="name"/>; 0 if there is none.</summary>
    public static uint Find(ReadOnlySpan<char> name)
    {
        uint mask = 0;
        if (name.Length is not (1 or 2)) return 0;
        for (int i = 0; i < Names.Length; i += 2)
        {
            if (Names.AsSpan(i, 2).StartsWith(name)) mask |= 1u << (i / 2);
        }

        return mask;
    }
}
