using System.Globalization;

namespace Engine.Compare;

/// <summary>One run of a program that measures single layers.</summary>
/// <param name="Part">Which table it belongs to.</param>
/// <param name="OfBench">True if Engine.Bench measures it, false if <c>engine bench</c> does.</param>
/// <param name="Arguments">Its arguments.</param>
internal sealed record LayerStep(string Part, bool OfBench, IReadOnlyList<string> Arguments)
{
    /// <summary>Variables of the runtime, as <c>NAME=VALUE</c>.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];
}

/// <summary>All runs that the document's figures of single layers take.</summary>
/// <remarks>Up to 32,768 positions 12 heads are timed, as a model has them. Beyond, one: heads are measured one after
/// the other, so the ratio is that of 12. Errors on other numbers than those that are timed need only some of the
/// exact queries.</remarks>
internal static class LayerPlan
{
    public const string Speed = "speed", Defaults = "defaults", Errors = "errors", DefaultErrors = "default-errors",
        Budgets = "budgets", Choices = "choices", Crossover = "crossover";

    /// <summary>Kinds of made-up numbers; every other name is of a file.</summary>
    public static readonly string[] MadeUp = ["gaussian", "clustered", "sinks"];

    private const string Short = "4096,8192,16384,32768";
    private static readonly string[] Long = ["65536", "131072"];

    /// <summary>The steps in order, those of the parts alone if any are given.</summary>
    /// <param name="threads">Thread counts of the timed ones.</param>
    /// <param name="captured">File of captured layers of 8,192 positions; null = none.</param>
    /// <param name="only">Parts; none = all.</param>
    public static IEnumerable<LayerStep> Steps(IEnumerable<int> threads, string? captured,
        IReadOnlyList<string> only) =>
        threads.SelectMany(Timed).Concat(Untimed(captured)).Where(step => only.Count == 0 || only.Contains(step.Part));

    private static IEnumerable<LayerStep> Timed(int threads)
    {
        foreach ((string part, string[] settings) in Layouts(Speed, Defaults))
        {
            // What takes milliseconds is at the mercy of the runtime's own threads: the best of three.
            yield return Layer(part, threads, 12, "4096,8192", [.. settings, "--repetitions", "3"]);
            yield return Layer(part, threads, 12, "16384,32768", [.. settings, "--repetitions", "1"]);
            foreach (string length in Long)
                yield return Layer(part, threads, 1, length, [.. settings, "--repetitions", "1"]);
        }
    }

    private static IEnumerable<LayerStep> Untimed(string? captured)
    {
        foreach ((string part, string[] settings) in Layouts(Errors, DefaultErrors))
        {
            foreach (string kind in MadeUp[1..])
            {
                yield return Layer(part, 1, 4, Short, [.. settings, "--inputs", kind, "--exact-every", "4"]);
                yield return Layer(part, 1, 1, string.Join(',', Long),
                    [.. settings, "--inputs", kind, "--exact-every", "32"]);
            }

            if (captured is not null)
            {
                string[] mask = settings.Contains("--mask") ? [] : ["--mask", "causal"];
                yield return Layer(part, 1, 0, "4096,8192",
                    [.. settings, .. mask, "--inputs", captured, "--exact-every", "4"]);
            }
        }

        string all = string.Join(',', MadeUp) + (captured is null ? "" : "," + captured);
        for (int budget = 32; budget <= 1024; budget *= 2)
        {
            string text = budget.ToString(CultureInfo.InvariantCulture);
            yield return Layer(Budgets, 1, 0, "8192", ["--leaf", "512", "--mask", "causal", "--inputs", all,
                "--exact-every", "16", "--block", text, "--sample", text]);
        }

        yield return new LayerStep(Choices, true, ["--layer-errors", "--inputs", all, "--json"]);
        yield return new LayerStep(Crossover, true, ["--layer-crossover", "--json"]);
        yield return new LayerStep(Crossover, true, ["--layer-crossover", "--json"])
        {
            Environment = ["DOTNET_EnableAVX512=0"],
        };
    }

    /// <summary>The paper's layout, and that of a session.</summary>
    private static IEnumerable<(string Part, string[] Settings)> Layouts(string plain, string defaults) =>
    [
        (plain, ["--leaf", "1024,4096", "--sinks", "0", "--band", "0"]),
        (defaults, ["--leaf", "512", "--mask", "causal"]),
    ];

    private static LayerStep Layer(string part, int threads, int heads, string lengths, string[] more)
    {
        List<string> arguments = ["bench", "--attention-layer", "--lengths", lengths, .. more, "--threads",
            threads.ToString(CultureInfo.InvariantCulture), "--json"];
        if (!more.Contains("--repetitions")) arguments.AddRange(["--repetitions", "1"]);
        if (heads > 0) arguments.AddRange(["--heads", heads.ToString(CultureInfo.InvariantCulture)]);
        return new LayerStep(part, false, arguments);
    }
}
