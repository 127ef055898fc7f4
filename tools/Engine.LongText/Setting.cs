using System.Globalization;
using Engine.Attention.Hyper;

namespace Engine.LongText;

/// <summary>One way to compute attention: a row of the table, and a point of its series' line.</summary>
/// <param name="Series">One of <see cref="Names"/>.</param>
/// <param name="Name">Where it approximates.</param>
/// <param name="Options">The attention of a session.</param>
internal sealed record Setting(string Series, string Name, AttentionOptions Options)
{
    public const string Exact = "exact", Paper = "paper", Defaults = "defaults", Window = "window",
        Calibrated = "calibrated";

    /// <summary>All series, in the order of the table.</summary>
    public static readonly string[] Names = [Exact, Paper, Defaults, Window, Calibrated];

    private static readonly AttentionOptions DefaultOptions = new() { Mode = AttentionMode.Hyper };

    /// <summary>As in the paper: nothing exact but the blocks at the diagonal.</summary>
    private static readonly AttentionOptions PaperOptions = DefaultOptions with { Leaf = 1024, Sinks = 0, Band = 0 };

    /// <summary>Settings of the named series.</summary>
    /// <param name="series">Names of series.</param>
    /// <param name="layers">Numbers of last layers that are approximated.</param>
    /// <param name="thresholds">Errors below which a calibrated head is.</param>
    /// <param name="calibration">Needed for the series <see cref="Calibrated"/> alone.</param>
    /// <param name="tokens">Length of the text, by which the window gets its budget.</param>
    public static IEnumerable<Setting> Of(IReadOnlyList<string> series, IReadOnlyList<int> layers,
        IReadOnlyList<double> thresholds, Func<AttentionCalibration> calibration, int tokens)
    {
        foreach (string name in Names)
        {
            if (!series.Contains(name)) continue;
            if (name == Exact) yield return new Setting(Exact, "", new AttentionOptions());
            if (Layered(name, tokens) is { } options)
                foreach (int last in layers) yield return new Setting(name, NameOf(last), Last(options, last));
            if (name != Calibrated) continue;
            foreach (double threshold in thresholds)
            {
                yield return new Setting(Calibrated,
                    string.Create(CultureInfo.InvariantCulture, $"error below {threshold}"), DefaultOptions with
                    {
                        Layers = AttentionLayers.Calibrated(calibration(), threshold),
                    });
            }
        }
    }

    /// <summary>True if hyperplanes and samples are drawn, so that the seed matters.</summary>
    public bool Draws => Options.Mode != AttentionMode.Exact && HyperOptions.Check(Options).HasNodes;

    /// <summary>What the options say of the keys that a query sees, for people.</summary>
    public string Describe()
    {
        if (Options.Mode == AttentionMode.Exact) return "all keys";
        HyperSettings settings = HyperOptions.Check(Options);
        string nodes = settings.HasNodes ? $"{settings.Block} like it and {settings.Samples} sampled from each part"
            : "nothing else";
        return string.Create(CultureInfo.InvariantCulture, $"blocks of {settings.Leaf}, {settings.Sinks} sinks, band "
            + $"of {settings.BandBlocks * settings.Leaf}, {nodes}");
    }

    /// <summary>Keys that an approximate query sees, its own included, on the mean over a text.</summary>
    public double KeysPerQuery(int tokens)
    {
        double all = 0;
        if (Options.Mode == AttentionMode.Exact) return (tokens + 1) / 2.0;
        HyperSettings settings = HyperOptions.Check(Options);
        int leaf = settings.Leaf;
        for (int first = 0; first < tokens; first += leaf)
        {
            int rows = Math.Min(leaf, tokens - first), block = first / leaf;
            int band = Math.Min(block, settings.BandBlocks);
            double keys = ((rows + 1) / 2.0) + (band * leaf);
            if (block > band) keys += settings.Sinks;
            for (int run = 0; HyperPlan.PrefixRun(block, settings.BandBlocks, run, out int from, out int end); run++)
            {
                int length = (end * leaf) - Math.Max(settings.Sinks, from * leaf);
                keys += Math.Min(length, settings.Block + settings.Samples);
            }

            all += rows * keys;
        }

        return all / tokens;
    }

    private static AttentionOptions? Layered(string series, int tokens) => series switch
    {
        Paper => PaperOptions,
        Defaults => DefaultOptions,
        Window => WindowOf(tokens),
        _ => null,
    };

    private static string NameOf(int last) =>
        last == 1 ? "last layer" : string.Create(CultureInfo.InvariantCulture, $"last {last} layers");

    private static AttentionOptions Last(AttentionOptions options, int last) =>
        options with { Layers = AttentionLayers.Last(last) };

    /// <summary>Sinks and a band alone, so long that a query sees about as many keys as by default.</summary>
    private static AttentionOptions WindowOf(int tokens)
    {
        double budget = Keys(DefaultOptions, tokens), nearest = double.PositiveInfinity;
        AttentionOptions best = DefaultOptions with { Block = 0, Samples = 0 };
        for (int band = DefaultOptions.Leaf; band <= tokens; band += DefaultOptions.Leaf)
        {
            AttentionOptions window = DefaultOptions with { Block = 0, Samples = 0, Band = band };
            double distance = Math.Abs(Keys(window, tokens) - budget);
            if (distance >= nearest) break;
            nearest = distance;
            best = window;
        }

        return best;
    }

    private static double Keys(AttentionOptions options, int tokens) =>
        new Setting("", "", options).KeysPerQuery(tokens);
}
