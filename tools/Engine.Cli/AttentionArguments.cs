using System.CommandLine;
using System.Globalization;

namespace Engine.Cli;

/// <summary>The options of approximate attention.</summary>
internal sealed class AttentionArguments
{
    private const string CalibratedName = "calibrated";
    private const int DefaultLeaf = 512;

    private static readonly string[] Modes = ["exact", "hyper", "auto"];

    private readonly Option<string> mode = new("--attention")
    {
        Description = "Attention over long prompts: exact, hyper (approximate), or auto (hyper where it is faster)",
        HelpName = "MODE",
        DefaultValueFactory = _ => Modes[0],
    };

    private readonly Option<string?> layers = new("--attention-layers", "--layers")
    {
        Description = "What is approximated: all, last:N, layers such as 3,4,7, or calibrated: the heads that engine "
            + "calibrate found to bear it [default: calibrated if the model has a calibration beside it, else all]",
        HelpName = "WHICH",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (text != CalibratedName && !AttentionLayers.TryParse(text, out _))
                result.AddError($"--attention-layers: expected all, last:N, indices separated by commas, or "
                    + $"calibrated, found \"{text}\"");
            return text;
        },
    };

    private readonly Option<float> threshold = CliOptions.Number("--attention-threshold",
        "Relative error below which a calibrated head is approximated", (float)AttentionCalibration.DefaultThreshold, 0,
        float.MaxValue);

    private readonly Option<int> block = CliOptions.Integer("--attention-block",
        "Keys most like a query that it sees exactly, from each part; 0 = none", 256, 0, "--block");

    private readonly Option<int> sample = CliOptions.Integer("--attention-sample",
        "Keys sampled to stand for the rest of each part; 0 = none", 256, 0, "--sample");

    private readonly Option<int[]> leaf = CliOptions.Integers("--attention-leaf",
        $"Length of the blocks that queries are taken in; 0 = {DefaultLeaf}, of a layer alone 1024 and several", [0], 0,
        int.MaxValue, "--leaf");

    private readonly Option<int> sinks = CliOptions.Integer("--attention-sinks",
        "First keys that every query sees", 64, 0);

    private readonly Option<int> band = CliOptions.Integer("--attention-band",
        "Keys before its block that a query sees, rounded up to blocks; -1 = one block", -1, -1);

    private readonly Option<int> minimum = CliOptions.Integer("--attention-min",
        "Position up to which queries are exact anyway", 0, 0);

    private readonly Option<int> seed = CliOptions.Integer("--attention-seed",
        "Start of hyperplanes and samples", 1, 0);

    private readonly Option<string?> calibration = CliOptions.Text("--attention-calibration", "FILE",
        $"Calibration to use [default: the model's name with {AttentionCalibration.FileSuffix} added, if it is there]");

    /// <summary>Adds all options, or without mode and layers what a measurement needs.</summary>
    public void AddTo(Command command, bool budgetOnly = false)
    {
        mode.AcceptOnlyFromAmong(Modes);
        if (!budgetOnly)
        {
            foreach (Option option in (Option[])[mode, layers, threshold, minimum, calibration]) command.Add(option);
        }

        foreach (Option option in (Option[])[block, sample, leaf, sinks, band, seed]) command.Add(option);
    }

    public int Block(ParseResult result) => result.GetValue(block);

    public int Sample(ParseResult result) => result.GetValue(sample);

    /// <summary>The leaves, with what stands for one that was not given.</summary>
    public int[] Leaves(ParseResult result, int defaultLeaf) =>
        [.. result.GetRequiredValue(leaf).Select(length => length == 0 ? defaultLeaf : length)];

    public bool IsExact(ParseResult result) => result.GetValue(mode) == Modes[0];

    /// <summary>Budget and layout alone.</summary>
    public AttentionOptions Budget(ParseResult result) => new()
    {
        Block = result.GetValue(block),
        Samples = result.GetValue(sample),
        Leaf = Leaves(result, DefaultLeaf) is [int only] ? only
            : throw new UsageException("several lengths of --attention-leaf are for a layer alone"),
        Sinks = result.GetValue(sinks),
        Band = result.GetValue(band),
        Seed = (ulong)result.GetValue(seed),
    };

    /// <summary>The options for a model.</summary>
    /// <exception cref="InvalidDataException">The calibration is damaged or of another model.</exception>
    public AttentionOptions Read(ParseResult result, string modelPath)
    {
        if (IsExact(result)) return new AttentionOptions();
        AttentionOptions options = Budget(result);
        if (options.Leaf <= options.Sinks)
            throw new UsageException("--attention-leaf must be more than --attention-sinks");
        return options with
        {
            Mode = result.GetValue(mode) == Modes[1] ? AttentionMode.Hyper : AttentionMode.Auto,
            MinimumLength = result.GetValue(minimum),
            Layers = Layers(result, modelPath),
        };
    }

    /// <summary>What the options say, in a line.</summary>
    public static string Describe(AttentionOptions options) => options.Mode == AttentionMode.Exact ? "exact"
        : string.Create(CultureInfo.InvariantCulture, $"{(options.Mode == AttentionMode.Auto ? "auto" : "hyper")}, "
            + $"layers {options.Layers}, block {options.Block}, sample {options.Samples}, leaf {options.Leaf}");

    private AttentionLayers Layers(ParseResult result, string modelPath)
    {
        string? which = result.GetValue(layers);
        string path = result.GetValue(calibration) ?? modelPath + AttentionCalibration.FileSuffix;
        bool exists = File.Exists(path);
        if (which == CalibratedName || (which is null && (exists || result.GetValue(calibration) is not null)))
        {
            if (!exists)
                throw new FileNotFoundException($"{path}: no such file; engine calibrate makes a calibration");
            AttentionCalibration loaded = AttentionCalibration.Load(path);
            loaded.CheckModel(modelPath);
            return AttentionLayers.Calibrated(loaded, result.GetValue(threshold));
        }

        _ = AttentionLayers.TryParse(which ?? "all", out AttentionLayers chosen);
        return chosen;
    }
}
