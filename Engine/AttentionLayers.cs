using System.Globalization;
using Engine.Attention.Hyper;
using Engine.Transformer;

namespace Engine;

/// <summary>A choice of layers whose attention is approximated, or of single heads by a calibration.</summary>
public sealed class AttentionLayers
{
    private readonly string text;
    private readonly int last;
    private readonly int[]? listed;
    private readonly AttentionCalibration? calibration;
    private readonly double threshold;
    private readonly HyperPolicy? policy;

    private AttentionLayers(string text, int last = 0, int[]? listed = null, AttentionCalibration? calibration = null,
        double threshold = 0, HyperPolicy? policy = null)
    {
        this.policy = policy;
        this.text = text;
        this.last = last;
        this.listed = listed;
        this.calibration = calibration;
        this.threshold = threshold;
    }

    /// <summary>Every layer.</summary>
    public static AttentionLayers All { get; } = new("all");

    /// <summary>The last <paramref name="count"/> layers, the paper's choice.</summary>
    public static AttentionLayers Last(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return new AttentionLayers(string.Create(CultureInfo.InvariantCulture, $"last:{count}"), last: count);
    }

    /// <summary>Some layers, by 0-based index.</summary>
    public static AttentionLayers Of(params ReadOnlySpan<int> layers)
    {
        foreach (int layer in layers) ArgumentOutOfRangeException.ThrowIfNegative(layer, nameof(layers));
        return new AttentionLayers(string.Join(',', layers.ToArray()), listed: layers.ToArray());
    }

    /// <summary>The heads whose relative error was found to be less than <paramref name="threshold"/>.</summary>
    public static AttentionLayers Calibrated(AttentionCalibration calibration,
        double threshold = AttentionCalibration.DefaultThreshold)
    {
        ArgumentNullException.ThrowIfNull(calibration);
        return new AttentionLayers(string.Create(CultureInfo.InvariantCulture, $"calibrated:{threshold:G4}"),
            calibration: calibration, threshold: threshold);
    }

    /// <summary>The heads that a saved session approximates.</summary>
    internal static AttentionLayers Saved(HyperPolicy policy) => new("as saved", policy: policy);

    /// <summary>Reads <c>all</c>, <c>last:N</c> or indices separated by commas.</summary>
    /// <returns>False if it is none of these.</returns>
    public static bool TryParse(string text, out AttentionLayers layers)
    {
        ArgumentNullException.ThrowIfNull(text);
        layers = All;
        if (text == "all") return true;
        if (text.StartsWith("last:", StringComparison.Ordinal))
        {
            if (!TryParse(text.AsSpan(5), out int count)) return false;
            layers = Last(count);
            return true;
        }

        string[] parts = text.Split(',');
        var indices = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
            if (!TryParse(parts[i], out indices[i])) return false;
        layers = Of(indices);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => text;

    /// <summary>The choice for a model; a layer with a sliding window is never approximated.</summary>
    /// <exception cref="ArgumentException">A layer that the model has not, or a calibration of another shape.
    /// </exception>
    internal HyperPolicy Resolve(ModelConfig config)
    {
        int layers = config.Layers.Length;
        foreach (int layer in listed ?? [])
            if (layer >= layers)
                throw new ArgumentException($"there is no layer {layer}: the model has layers 0 to {layers - 1}");
        calibration?.CheckShape(config);
        var heads = new bool[layers][];
        for (int layer = 0; layer < layers; layer++)
        {
            heads[layer] = new bool[config.Layers[layer].Heads];
            if (config.Layers[layer].Window > 0) continue;
            for (int head = 0; head < heads[layer].Length; head++) heads[layer][head] = Has(layer, head, layers);
        }

        return new HyperPolicy(heads);
    }

    private bool Has(int layer, int head, int layers)
    {
        if (policy is not null) return policy.Approximates(layer, head);
        if (calibration is not null) return calibration.ErrorOf(layer, head) < threshold;
        if (listed is not null) return Array.IndexOf(listed, layer) >= 0;
        return ReferenceEquals(this, All) || layer >= layers - last;
    }

    private static bool TryParse(ReadOnlySpan<char> text, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
