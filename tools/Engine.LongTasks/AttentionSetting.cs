using System.Globalization;

namespace Engine.LongTasks;

/// <summary>A row of the tables: what of a model is approximated.</summary>
internal sealed record AttentionSetting(string Name, AttentionOptions Options)
{
    public const string Exact = "exact";
    private const string LastPrefix = "last ";

    /// <summary>The last layers, or none.</summary>
    public static AttentionSetting Last(int layers) => layers == 0 ? new(Exact, new AttentionOptions())
        : new(string.Create(CultureInfo.InvariantCulture, $"{LastPrefix}{layers}"),
            new AttentionOptions { Mode = AttentionMode.Hyper, Layers = AttentionLayers.Last(layers) });

    /// <summary>The heads that a calibration found to bear it.</summary>
    public static AttentionSetting Calibrated(AttentionCalibration calibration, double threshold) =>
        new(string.Create(CultureInfo.InvariantCulture,
                $"calibrated, {calibration.CountBelow(threshold)} heads"),
            new AttentionOptions
            {
                Mode = AttentionMode.Hyper, Layers = AttentionLayers.Calibrated(calibration, threshold),
            });

    /// <summary>Approximated layers of a row by its name, 0 if none; one that says no number is behind all others.
    /// </summary>
    public static int LayersOf(string name) => name == Exact ? 0
        : name.StartsWith(LastPrefix, StringComparison.Ordinal)
            && int.TryParse(name.AsSpan(LastPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int n)
            ? n : int.MaxValue;
}
