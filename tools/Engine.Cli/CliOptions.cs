using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Engine.Cache;
using Engine.Isa;

namespace Engine.Cli;

/// <summary>Options as the commands have them: checked while parsing, so that a bad value is wrong usage.</summary>
internal static class CliOptions
{
    public static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    public static Option<bool> Json() => Flag("--json", "Print one JSON object for machines");

    public static Option<string?> Text(string name, string valueName, string description, params string[] aliases) =>
        new(name, aliases) { Description = description, HelpName = valueName };

    public static Option<string[]> Texts(string name, string valueName, string description) => new(name)
    {
        Description = description,
        HelpName = valueName,
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
        DefaultValueFactory = _ => [],
    };

    /// <summary>A whole number of at least <paramref name="minimum"/>.</summary>
    public static Option<int> Integer(string name, string description, int defaultValue, int minimum,
        params string[] aliases) => new(name, aliases)
        {
            Description = description,
            HelpName = "N",
            DefaultValueFactory = _ => defaultValue,
            CustomParser = result => ParseInteger(result, minimum),
        };

    /// <summary>Whole numbers within [minimum, maximum], separated by commas.</summary>
    public static Option<int[]> Integers(string name, string description, int[] defaultValue, int minimum, int maximum,
        params string[] aliases) => new(name, aliases)
        {
            Description = description,
            HelpName = "N,N…",
            DefaultValueFactory = _ => defaultValue,
            CustomParser = result =>
            {
                var values = new List<int>();
                foreach (string part in result.Tokens.SelectMany(token => token.Value.Split(',')))
                {
                    if (int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int value)
                        && value >= minimum && value <= maximum)
                    {
                        values.Add(value);
                        continue;
                    }

                    string range = maximum == int.MaxValue ? $"of at least {minimum}" : $"from {minimum} to {maximum}";
                    result.AddError($"{NameOf(result)}: expected whole numbers {range}, found \"{part}\"");
                    return [];
                }

                return [.. values];
            },
        };

    /// <summary>A number within [minimum, maximum].</summary>
    public static Option<float> Number(string name, string description, float defaultValue, float minimum,
        float maximum, params string[] aliases) => new(name, aliases)
        {
            Description = description,
            HelpName = "X",
            DefaultValueFactory = _ => defaultValue,
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float value)
                    && value >= minimum && value <= maximum)
                    return value;
                string range = minimum == float.MinValue ? "" : maximum == float.MaxValue ? $" of at least {minimum}"
                    : $" from {minimum} to {maximum}";
                result.AddError($"{NameOf(result)}: expected a number{range}, found \"{text}\"");
                return 0;
            },
        };

    public static Option<ulong?> Seed() => new("--seed")
    {
        Description = "Start of the random sequence: the same seed gives the same text [default: a fresh one]",
        HelpName = "N",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value)) return value;
            result.AddError($"{NameOf(result)}: expected a whole number, found \"{text}\"");
            return null;
        },
    };

    public static Option<int> Threads(int defaultValue = 0) => Integer("--threads",
        defaultValue == 0 ? "Threads that compute; 0 = one for each physical core" : "Threads that compute",
        defaultValue, defaultValue == 0 ? 0 : 1, "-t");

    public static Option<int> Context(string description, int defaultValue = 0) =>
        Integer("--context", description, defaultValue, defaultValue == 0 ? 0 : 2, "-c");

    public static Option<CacheType> CacheType(CacheType defaultValue = Cache.CacheType.F16) => new("--cache-type")
    {
        Description = "Storage of cached keys and values: f32, f16 or q8_0",
        HelpName = "TYPE",
        DefaultValueFactory = _ => defaultValue,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            switch (text.ToLowerInvariant())
            {
                case "f32": return Cache.CacheType.F32;
                case "f16": return Cache.CacheType.F16;
                case "q8_0": return Cache.CacheType.Q8_0;
                default:
                    result.AddError($"{NameOf(result)}: expected f32, f16 or q8_0, found \"{text}\"");
                    return defaultValue;
            }
        },
    };

    /// <summary>A text, because what follows a truth value and is none would be taken for the next argument.</summary>
    public static Option<string> Pack(bool byDefault)
    {
        var option = new Option<string>("--pack")
        {
            Description = "Pack the weights in memory while loading: a later first token, faster ones after it",
            HelpName = "true|false",
            DefaultValueFactory = _ => byDefault ? "true" : "false",
        };
        return option.AcceptOnlyFromAmong("true", "false");
    }

    public static Option<InstructionSet?> Isa() => new("--isa")
    {
        Description = $"Instruction set: {InstructionSetNames} [default: the best here]",
        HelpName = "NAME",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (InstructionSets.TryParse(text, out InstructionSet isa)) return isa;
            result.AddError($"{NameOf(result)}: unknown instruction set \"{text}\"; known: {InstructionSetNames}");
            return null;
        },
    };

    /// <summary>A file that must be named.</summary>
    public static Argument<string> File(string name, string description) =>
        NoOption(new Argument<string>(name) { Description = description });

    public static Argument<string> Model() => File("MODEL", "GGUF file; of a split model, its first part");

    public static Argument<string?> ModelUnlessLayer() => NoOption(new Argument<string?>("MODEL")
    {
        Description = "GGUF file; of a split model, its first part (not with --attention-layer)",
        Arity = ArgumentArity.ZeroOrOne,
    });

    public static Argument<string?> OptionalModel() => NoOption(new Argument<string?>("MODEL")
    {
        Description = $"GGUF file [default: models/{DefaultModel.FileName}]",
        Arity = ArgumentArity.ZeroOrOne,
    });

    private static string InstructionSetNames =>
        string.Join(", ", Enum.GetValues<InstructionSet>().Select(InstructionSets.NameOf));

    // The parser takes a misspelt option for an argument where one is still free.
    private static Argument<T> NoOption<T>(Argument<T> argument)
    {
        argument.Validators.Add(result =>
        {
            foreach (Token token in result.Tokens)
                if (token.Value.StartsWith('-'))
                    result.AddError($"unknown option {token.Value} (a file of that name would be ./{token.Value})");
        });
        return argument;
    }

    private static int ParseInteger(ArgumentResult result, int minimum)
    {
        string text = result.Tokens[0].Value;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
            && value >= minimum)
            return value;
        result.AddError($"{NameOf(result)}: expected a whole number of at least {minimum}, found \"{text}\"");
        return Math.Max(0, minimum);
    }

    private static string NameOf(ArgumentResult result) =>
        result.Parent is OptionResult option ? option.Option.Name : result.Argument.Name;
}
