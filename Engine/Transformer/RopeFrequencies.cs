namespace Engine.Transformer;

/// <summary>Angle per position of every rotated pair.</summary>
internal static class RopeFrequencies
{
    /// <summary>Computes the frequencies.</summary>
    /// <param name="rope">Variant.</param>
    /// <param name="dimensions">Rotated elements of a head.</param>
    /// <param name="divisors">Per pair divisors of the frequency (llama3, longrope); empty = none.</param>
    /// <returns>dimensions / 2 angles per position, in radians.</returns>
    public static float[] Compute(RopeParameters rope, int dimensions, ReadOnlySpan<float> divisors)
    {
        int pairs = dimensions / 2;
        var frequencies = new float[pairs];
        for (int pair = 0; pair < pairs; pair++)
        {
            double frequency = Math.Pow(rope.Base, -2.0 * pair / dimensions);
            if (!divisors.IsEmpty) frequency /= divisors[pair];
            frequencies[pair] = (float)(rope.Scaling switch
            {
                RopeScaling.Linear => frequency / rope.Factor,
                RopeScaling.Yarn => Yarn(rope, frequency, pair, dimensions),
                _ => frequency,
            });
        }

        return frequencies;
    }

    /// <summary>Interpolated below <c>low</c> rotations, extrapolated above <c>high</c>, a ramp between.</summary>
    private static double Yarn(RopeParameters rope, double frequency, int pair, int dimensions)
    {
        double low = Math.Max(0, Math.Floor(Correction(rope.BetaFast)));
        double high = Math.Min(dimensions - 1, Math.Ceiling(Correction(rope.BetaSlow)));
        double ramp = Math.Clamp((pair - low) / Math.Max(0.001, high - low), 0, 1);
        return frequency / rope.Factor * ramp + frequency * (1 - ramp);

        // Pair whose wavelength makes this many rotations within the original context.
        double Correction(double rotations) =>
            dimensions * Math.Log(rope.OriginalContext / (rotations * 2 * Math.PI)) / (2 * Math.Log(rope.Base));
    }
}
