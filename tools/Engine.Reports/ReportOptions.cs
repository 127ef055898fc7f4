using System.CommandLine;
using System.Globalization;

namespace Engine.Reports;

/// <summary>Options as the measuring tools have them.</summary>
internal static class ReportOptions
{
    /// <summary>Texts, each its own argument.</summary>
    public static Option<string[]> Texts(string name, string description) =>
        new(name) { Description = description, Arity = ArgumentArity.OneOrMore };

    /// <summary>A file.</summary>
    public static Option<string?> FilePath(string name, string description) =>
        new(name) { Description = description, HelpName = "PATH" };

    /// <summary>A whole number of at least <paramref name="minimum"/>.</summary>
    public static Option<int> Number(string name, string description, int fallback, int minimum) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => fallback,
        Validators =
        {
            found =>
            {
                if (found.Tokens.Count > 0 && int.TryParse(found.Tokens[0].Value, out int number) && number < minimum)
                    found.AddError($"{name}: expected at least {minimum}, found {number}");
            },
        },
    };

    /// <summary>Whole numbers with commas between.</summary>
    public static Option<int[]> Numbers(string name, string description, int[] fallback) => new(name)
    {
        Description = description,
        HelpName = "N,N…",
        DefaultValueFactory = _ => fallback,
        CustomParser = found =>
        {
            string text = found.Tokens[0].Value;
            List<int> numbers = [];
            foreach (string part in text.Split(','))
            {
                if (int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
                    numbers.Add(number);
                else
                    found.AddError($"{name}: expected whole numbers with commas between, found \"{text}\"");
            }

            return [.. numbers];
        },
    };
}
