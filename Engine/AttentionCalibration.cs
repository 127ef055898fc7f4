using System.Security.Cryptography;
using Engine.Attention.Hyper;
using Engine.Transformer;

namespace Engine;

/// <summary>How far approximate attention is from exact for every head of a model, measured on a text: by it a session
/// approximates only heads that bear it. Kept in a small file beside the model.</summary>
public sealed partial class AttentionCalibration
{
    /// <summary>Heads with a smaller relative error are approximated unless told otherwise.</summary>
    public const double DefaultThreshold = 0.09;

    private readonly double[][][] errors;
    private readonly double[][][] logSumExpErrors;
    private readonly int[] lengths;

    private AttentionCalibration(string modelName, long modelBytes, string modelHash, int[] lengths,
        double[][][] errors, double[][][] logSumExpErrors)
    {
        ModelName = modelName;
        ModelBytes = modelBytes;
        ModelHash = modelHash;
        this.lengths = lengths;
        this.errors = errors;
        this.logSumExpErrors = logSumExpErrors;
    }

    /// <summary>Name of the model that was measured.</summary>
    public string ModelName { get; }

    /// <summary>Size of its file.</summary>
    public long ModelBytes { get; }

    /// <summary>SHA-256 of the file's first and last MiB, in hexadecimal digits: the whole of a large model would take
    /// longer to read than to load.</summary>
    public string ModelHash { get; }

    /// <summary>Ends of the ranges of positions that were measured, ascending.</summary>
    public IReadOnlyList<int> Lengths => lengths;

    /// <summary>Layers.</summary>
    public int LayerCount => errors[0].Length;

    /// <summary>Query heads of a layer.</summary>
    public int HeadCount(int layer) => errors[0][layer].Length;

    /// <summary>Relative error (Frobenius) of a head's outputs at the longest range; infinite if it was not measured.
    /// </summary>
    public double ErrorOf(int layer, int head) => ErrorOf(layer, head, lengths.Length - 1);

    /// <summary>The same at a range by 0-based index.</summary>
    public double ErrorOf(int layer, int head, int range)
    {
        double error = errors[range][layer][head];
        return double.IsNaN(error) ? double.PositiveInfinity : error;
    }

    /// <summary>Mean absolute error of the logarithm of the softmax's denominator.</summary>
    public double LogSumExpErrorOf(int layer, int head, int range) => logSumExpErrors[range][layer][head];

    /// <summary>Heads whose error is less than a threshold.</summary>
    public int CountBelow(double threshold)
    {
        int count = 0;
        for (int layer = 0; layer < LayerCount; layer++)
            for (int head = 0; head < HeadCount(layer); head++) count += ErrorOf(layer, head) < threshold ? 1 : 0;
        return count;
    }

    /// <summary>Measures a model on a text: evaluates it with exact attention and, beside it, approximate.</summary>
    /// <param name="model">The model.</param>
    /// <param name="path">Its file, which the result is bound to.</param>
    /// <param name="tokens">The text, at least as long as the longest length.</param>
    /// <param name="lengths">Ends of the ranges to measure, ascending.</param>
    /// <param name="options">Budget and layout of the approximation.</param>
    /// <param name="progress">Told how many tokens are done; null = nobody.</param>
    /// <param name="cancellation">Looked at between steps.</param>
    /// <exception cref="ArgumentException">The lengths do not ascend, or the text is shorter.</exception>
    public static AttentionCalibration Measure(LanguageModel model, string path, ReadOnlySpan<int> tokens,
        ReadOnlySpan<int> lengths, AttentionOptions options, Action<int>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        CheckLengths(lengths, tokens.Length);
        ModelConfig config = model.Transformer.Config;
        int heads = config.Layers.Max(layer => layer.Heads), total = lengths[^1];
        var probe = new HyperProbe(config.Layers.Length, heads, lengths);
        AttentionOptions all = options with { Mode = AttentionMode.Hyper, Layers = AttentionLayers.All };
        using (Session session = model.CreateSession(new SessionOptions { ContextLength = total, Attention = all }))
        {
            if (session.Hyper is not { } hyper)
                throw new ArgumentException($"nothing is approximated within {total} tokens", nameof(lengths));
            hyper.Probe = probe;
            Evaluate(model, session, tokens[..total], progress, cancellation);
        }

        return new AttentionCalibration(model.Name, new FileInfo(path).Length, HashOf(path), lengths.ToArray(),
            Table(config, lengths.Length, probe.RelativeError), Table(config, lengths.Length, probe.LogSumExpError));
    }

    /// <summary>Hash as <see cref="ModelHash"/> has it.</summary>
    public static string HashOf(string path)
    {
        const int Part = 1 << 20;
        using FileStream file = File.OpenRead(path);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[Part];
        hash.AppendData(buffer, 0, file.ReadAtLeast(buffer, Part, throwOnEndOfStream: false));
        file.Seek(Math.Max(0, file.Length - Part), SeekOrigin.Begin);
        hash.AppendData(buffer, 0, file.ReadAtLeast(buffer, Part, throwOnEndOfStream: false));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    internal void CheckShape(ModelConfig config)
    {
        bool same = LayerCount == config.Layers.Length;
        for (int layer = 0; same && layer < LayerCount; layer++) same = HeadCount(layer) == config.Layers[layer].Heads;
        if (!same)
            throw new ArgumentException(
                $"the calibration is of {ModelName} with {LayerCount} layers, not of a model of this shape");
    }

    /// <summary>Reads a text with every layer computing every row, also those behind the last cache.</summary>
    internal static void Evaluate(LanguageModel model, Session session, ReadOnlySpan<int> tokens, Action<int>? progress,
        CancellationToken cancellation)
    {
        ForwardPass forward = model.Transformer.Forward;
        bool skips = forward.SkipsUnwantedRows;
        forward.SkipsUnwantedRows = false;
        try
        {
            for (int done = 0; done < tokens.Length;)
            {
                int end = Math.Min(tokens.Length, done + forward.BatchRows);
                session.Prefill(tokens[done..end], cancellation);
                progress?.Invoke(end);
                done = end;
            }
        }
        finally
        {
            forward.SkipsUnwantedRows = skips;
        }
    }

    private static void CheckLengths(ReadOnlySpan<int> lengths, int tokens)
    {
        if (lengths.IsEmpty) throw new ArgumentException("there are no lengths", nameof(lengths));
        for (int i = 0; i < lengths.Length; i++)
            if (lengths[i] <= (i == 0 ? 0 : lengths[i - 1]))
                throw new ArgumentException("the lengths do not ascend", nameof(lengths));
        if (tokens < lengths[^1])
            throw new ArgumentException($"the text has {tokens} tokens, needed are {lengths[^1]}", nameof(lengths));
    }

    private static double[][][] Table(ModelConfig config, int ranges, Func<int, int, int, double> value)
    {
        var table = new double[ranges][][];
        for (int range = 0; range < ranges; range++)
        {
            table[range] = new double[config.Layers.Length][];
            for (int layer = 0; layer < config.Layers.Length; layer++)
            {
                table[range][layer] = new double[config.Layers[layer].Heads];
                for (int head = 0; head < table[range][layer].Length; head++)
                    table[range][layer][head] = value(layer, head, range);
            }
        }

        return table;
    }
}
