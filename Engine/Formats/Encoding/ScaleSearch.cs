using Engine.Memory;

namespace Engine.Formats.Encoding;

/// <summary>Finds scales for formats without a minimum, <c>w = d · s · level</c>, by least squares.</summary>
/// <remarks>
/// For given codes the best scale is Σ x·l / Σ l², and for a given scale the best code is the nearest level.
/// Alternating the two only ever lowers the error but stops in the nearest valley, so it starts from several scales
/// around the one that maps the largest value to an end of the levels. The values must be finite.
/// </remarks>
internal static class ScaleSearch
{
    private const float LargestHalf = 65504;

    /// <summary>How far beyond an end of the levels the largest value is mapped, in steps of the levels.</summary>
    private static ReadOnlySpan<float> Reaches =>
        [0, -0.5f, -0.25f, -0.125f, 0.125f, 0.25f, 0.375f, 0.5f, 0.625f, 0.75f, 1, 1.25f, 1.5f, 2];

    /// <summary>Scales, codes and the binary16 factor of one block.</summary>
    /// <param name="values">The block.</param>
    /// <param name="levels">What the codes stand for.</param>
    /// <param name="scaleLow">Lowest integer scale of a group.</param>
    /// <param name="scaleHigh">Highest integer scale of a group; 1 with a lowest of 1 if the format has none.</param>
    /// <param name="scales">Receives one integer for each of its equally long groups.</param>
    /// <param name="codes">Receives one code for each value.</param>
    /// <returns>d, a value that binary16 holds exactly.</returns>
    internal static float FitBlock(
        ReadOnlySpan<float> values,
        LevelSet levels,
        int scaleLow,
        int scaleHigh,
        Span<int> scales,
        Span<byte> codes)
    {
        int groupElements = values.Length / scales.Length;
        Span<float> ideal = stackalloc float[scales.Length];
        float largest = 0;
        for (int g = 0; g < scales.Length; g++)
        {
            ideal[g] = FitGroup(values.Slice(g * groupElements, groupElements), levels);
            if (MathF.Abs(ideal[g]) > MathF.Abs(largest)) largest = ideal[g];
        }

        // Rounding decides among near equals, so d is tried from both ends of the integers; without integers, also
        // from the plain scale that maps the largest value to the outermost level.
        bool plain = scaleLow == scaleHigh;
        float best = 0;
        double bestError = double.PositiveInfinity;
        Span<int> trial = stackalloc int[scales.Length];
        for (int start = 0; start < 2; start++)
        {
            float first = plain && start == 1 ? Extreme(values) / levels.Outermost : largest;
            float d = ToHalf(first / (start == 0 ? scaleLow : scaleHigh));
            double lastError = double.PositiveInfinity;
            for (int round = 0; round < 4; round++)
            {
                (double error, float refitted) = FitScales(values, levels, d, ideal, scaleLow, scaleHigh, trial);
                if (error < bestError)
                {
                    (bestError, best) = (error, d);
                    trial.CopyTo(scales);
                }

                if (!(error < lastError)) break;
                lastError = error;
                d = ToHalf(refitted);
            }
        }

        for (int i = 0; i < values.Length; i++)
        {
            float scale = best * scales[i / groupElements];
            codes[i] = (byte)levels.Nearest(scale == 0 ? 0 : values[i] / scale);
        }

        return best;
    }

    /// <summary>The scale of one group, not yet rounded.</summary>
    internal static float FitGroup(ReadOnlySpan<float> values, LevelSet levels)
    {
        float extreme = Extreme(values);
        if (extreme == 0) return 0;

        float best = 0;
        double bestGain = -1;
        bool symmetric = levels.Low == -levels.High;
        foreach (float steps in Reaches)
        {
            float reach = steps * levels.Step;
            TryScale(values, levels, extreme / (levels.High + reach), ref best, ref bestGain);
            if (!symmetric) TryScale(values, levels, extreme / (levels.Low - reach), ref best, ref bestGain);
        }

        for (int round = 0; round < 4; round++)
        {
            double before = bestGain;
            TryScale(values, levels, best, ref best, ref bestGain);
            if (!(bestGain > before)) break;
        }

        return best;
    }

    /// <summary>Squared error of one group at a scale, with the nearest codes.</summary>
    internal static double Error(ReadOnlySpan<float> values, LevelSet levels, float scale)
    {
        double error = 0;
        foreach (float value in values)
        {
            float rest = value - scale * levels.Value(levels.Nearest(scale == 0 ? 0 : value / scale));
            error += (double)rest * rest;
        }

        return error;
    }

    /// <summary>The nearest finite binary16.</summary>
    internal static float ToHalf(float value) =>
        HalfConversion.ToSingle(HalfConversion.FromSingle(Math.Clamp(value, -LargestHalf, LargestHalf)));

    /// <summary>The value of largest magnitude.</summary>
    private static float Extreme(ReadOnlySpan<float> values)
    {
        float extreme = 0;
        foreach (float value in values)
        {
            if (MathF.Abs(value) > MathF.Abs(extreme)) extreme = value;
        }

        return extreme;
    }

    /// <summary>Codes at a trial scale, the best scale for these codes, and the squared error that it explains.
    /// </summary>
    private static void TryScale(
        ReadOnlySpan<float> values, LevelSet levels, float trial, ref float best, ref double bestGain)
    {
        double product = 0;
        double norm = 0;
        foreach (float value in values)
        {
            int level = levels.Value(levels.Nearest(value / trial));
            product += (double)value * level;
            norm += level * level;
        }

        if (norm == 0 || product * product <= bestGain * norm) return;
        bestGain = product * product / norm;
        best = (float)(product / norm);
    }

    /// <summary>Integer scales for a given factor, their squared error, and the best factor for the resulting codes.
    /// </summary>
    private static (double Error, float Factor) FitScales(
        ReadOnlySpan<float> values,
        LevelSet levels,
        float d,
        ReadOnlySpan<float> ideal,
        int scaleLow,
        int scaleHigh,
        Span<int> scales)
    {
        int groupElements = values.Length / scales.Length;
        double total = 0;
        double product = 0;
        double norm = 0;
        for (int g = 0; g < scales.Length; g++)
        {
            ReadOnlySpan<float> group = values.Slice(g * groupElements, groupElements);
            int centre = d == 0 ? 0 : (int)MathF.Round(Math.Clamp(ideal[g] / d, scaleLow, scaleHigh));
            double least = double.PositiveInfinity;
            for (int trial = Math.Max(centre - 1, scaleLow); trial <= Math.Min(centre + 1, scaleHigh); trial++)
            {
                double error = Error(group, levels, d * trial);
                if (!(error < least)) continue;
                least = error;
                scales[g] = trial;
            }

            total += least;
            float scale = d * scales[g];
            foreach (float value in group)
            {
                int level = scales[g] * levels.Value(levels.Nearest(scale == 0 ? 0 : value / scale));
                product += (double)value * level;
                norm += (double)level * level;
            }
        }

        return (total, norm == 0 ? d : (float)(product / norm));
    }
}
