namespace Engine.Text.Templates;

/// <summary>Text brought to a width, counted in code points.</summary>
internal static class Padding
{
    public static string Spaces(Interpreter context, long count)
    {
        context.Budget.ChargeText(Math.Max(count, 0));
        return new string(' ', (int)Math.Max(count, 0));
    }

    public static string Left(Interpreter context, string text, long width, char fill) =>
        text + Fill(context, width - PythonString.Length(text), fill);

    public static string Right(Interpreter context, string text, long width, char fill) =>
        Fill(context, width - PythonString.Length(text), fill) + text;

    /// <summary>An odd space goes left if the width is odd, as in <c>str.center</c>.</summary>
    public static string Center(Interpreter context, string text, long width, char fill)
    {
        long missing = Math.Max(width - PythonString.Length(text), 0);
        long left = (missing / 2) + (missing & width & 1);
        return Fill(context, left, fill) + text + Fill(context, missing - left, fill);
    }

    private static string Fill(Interpreter context, long count, char fill)
    {
        if (count <= 0) return "";
        context.Budget.ChargeText(count);
        return new string(fill, (int)count);
    }
}
