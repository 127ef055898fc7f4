using System.Globalization;

namespace Engine.Gguf;

/// <summary>File names of split models: <c>NAME-00001-of-0000N.gguf</c>, counted from one.</summary>
internal static class GgufSplit
{
    private const string Extension = ".gguf";
    private const string Of = "-of-";
    private const int Digits = 5;

    /// <summary>Name of part <paramref name="index"/> (0-based) of a model.</summary>
    public static string NameOf(string prefix, int index, int count) =>
        string.Create(CultureInfo.InvariantCulture, $"{prefix}-{index + 1:D5}{Of}{count:D5}{Extension}");

    /// <summary>Takes such a name apart.</summary>
    /// <param name="path">Path of any part.</param>
    /// <param name="prefix">The path up to the numbers.</param>
    /// <param name="index">0-based.</param>
    /// <param name="count">Number of parts.</param>
    public static bool TryParse(string path, out string prefix, out int index, out int count)
    {
        (prefix, index, count) = ("", 0, 0);
        if (!path.EndsWith(Extension, StringComparison.OrdinalIgnoreCase)) return false;
        ReadOnlySpan<char> rest = path.AsSpan(0, path.Length - Extension.Length);
        if (!TakeNumber(ref rest, Of, out count) || !TakeNumber(ref rest, "-", out int number)) return false;
        if (number < 1 || number > count) return false;
        (prefix, index) = (rest.ToString(), number - 1);
        return true;
    }

    private static bool TakeNumber(ref ReadOnlySpan<char> text, string separator, out int number)
    {
        number = 0;
        int start = text.Length - Digits;
        if (start < separator.Length) return false;
        if (!int.TryParse(text[start..], NumberStyles.None, CultureInfo.InvariantCulture, out number)) return false;
        text = text[..start];
        if (!text.EndsWith(separator, StringComparison.Ordinal)) return false;
        text = text[..^separator.Length];
        return true;
    }
}
