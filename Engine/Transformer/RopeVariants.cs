namespace Engine.Transformer;

/// <summary>The RoPE variants of a model for one opened context: frequencies and magnitudes.</summary>
internal sealed class RopeVariants
{
    private readonly float[][] frequencies;
    private readonly float[] magnitudes;

    /// <summary>Computes the variants.</summary>
    /// <remarks>longrope has factors for short and for long contexts: the opened context chooses, so that a result does
    /// not depend on how the input was cut into calls.</remarks>
    public RopeVariants(ModelConfig config, ModelWeights weights, int contextLength)
    {
        Dimensions = config.RopeDimensions;
        frequencies = new float[config.Ropes.Count][];
        magnitudes = new float[config.Ropes.Count];
        for (int i = 0; i < frequencies.Length; i++)
        {
            RopeParameters rope = config.Ropes[i];
            float[] divisors = contextLength > rope.OriginalContext ? weights.LongFactors : weights.ShortFactors;
            frequencies[i] = RopeFrequencies.Compute(rope, Dimensions, rope.UsesFactors ? divisors : []);
            magnitudes[i] = rope.Magnitude ?? Implied(rope, config, weights);
        }
    }

    /// <summary>Rotated elements of a head.</summary>
    public int Dimensions { get; }

    public int Count => frequencies.Length;

    /// <summary>Writes the cosines and then the sines of all pairs at a position.</summary>
    public unsafe void Angles(int variant, int position, float* cos, float* sin) =>
        Angles(variant, position, magnitudes[variant], cos, sin);

    /// <summary>The rotation that moves a cached key by <paramref name="delta"/> positions: rotations add, and the
    /// magnitude is in the key already.</summary>
    public unsafe void Rotation(int variant, int delta, float* cos, float* sin) =>
        Angles(variant, delta, 1, cos, sin);

    /// <summary>True if a sequence opened for another context would have the same frequencies.</summary>
    public bool SameFor(RopeVariants other) =>
        frequencies.Zip(other.frequencies).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second));

    private unsafe void Angles(int variant, int position, float magnitude, float* cos, float* sin)
    {
        float[] frequency = frequencies[variant];
        for (int pair = 0; pair < frequency.Length; pair++)
        {
            (double s, double c) = Math.SinCos((double)position * frequency[pair]);
            cos[pair] = (float)c * magnitude;
            sin[pair] = (float)s * magnitude;
        }
    }

    /// <summary>YaRN: 0.1·ln(factor) + 1. longrope: √(1 + ln(stretch)/ln(original context)).</summary>
    private static float Implied(RopeParameters rope, ModelConfig config, ModelWeights weights)
    {
        if (rope.Scaling == RopeScaling.Yarn) return 0.1f * MathF.Log(Math.Max(1, rope.Factor)) + 1;
        double stretch = (double)config.TrainedContext / rope.OriginalContext;
        bool stretched = weights.HasLongRope && rope.UsesFactors && stretch > 1 && rope.OriginalContext > 1;
        return stretched ? (float)Math.Sqrt(1 + Math.Log(stretch) / Math.Log(rope.OriginalContext)) : 1;
    }
}
