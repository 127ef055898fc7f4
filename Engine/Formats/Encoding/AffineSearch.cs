namespace Engine.Formats.Encoding;

/// <summary>Finds scales and minima for formats <c>w = scale · q − minimum</c> by least squares.</summary>
/// <remarks>As <see cref="ScaleSearch"/>, with a line instead of a factor. The values must be finite.</remarks>
internal static class AffineSearch
{
    /// <summary>How many codes more than there are the values are spread over at first. One less makes the number of
    /// codes odd, which values symmetric to zero (−1, 0, 1) need to be exact.</summary>
    private static ReadOnlySpan<float> Reaches => [0, -1, -0.5f, -0.25f, 0.25f, 0.5f, 0.75f, 1, 1.5f, 2];

    /// <summary>Integer scales and minima, codes and two binary16 factors of one block of groups,
    /// <c>w = (d · s) · q − dmin · m</c>.</summary>
    /// <param name="values">The block.</param>
    /// <param name="maxCode">Highest code; the lowest is 0.</param>
    /// <param name="maxScale">Highest integer scale and minimum; the lowest is 0.</param>
    /// <param name="scales">Receives one integer for each of its equally long groups.</param>
    /// <param name="minima">Receives one integer for each group.</param>
    /// <param name="codes">Receives one code for each value.</param>
    /// <returns>Two values that binary16 holds exactly.</returns>
    internal static (float D, float DMin) FitBlock(
        ReadOnlySpan<float> values, int maxCode, int maxScale, Span<int> scales, Span<int> minima, Span<byte> codes)
    {
        int groupElements = values.Length / scales.Length;
        Span<float> idealScales = stackalloc float[scales.Length];
        Span<float> idealMinima = stackalloc float[scales.Length];
        float largestScale = 0;
        float largestMinimum = 0;
        for (int g = 0; g < scales.Length; g++)
        {
            ReadOnlySpan<float> group = values.Slice(g * groupElements, groupElements);
            (idealScales[g], idealMinima[g]) = FitGroup(group, maxCode, anySign: false);
            largestScale = MathF.Max(largestScale, idealScales[g]);
            largestMinimum = MathF.Max(largestMinimum, idealMinima[g]);
        }

        (float D, float DMin) factors =
            (ScaleSearch.ToHalf(largestScale / maxScale), ScaleSearch.ToHalf(largestMinimum / maxScale));
        (float D, float DMin) best = factors;
        double bestError = double.PositiveInfinity;
        Span<int> trialScales = stackalloc int[scales.Length];
        Span<int> trialMinima = stackalloc int[scales.Length];
        for (int round = 0; round < 4; round++)
        {
            double error = 0;
            for (int g = 0; g < scales.Length; g++)
            {
                ReadOnlySpan<float> group = values.Slice(g * groupElements, groupElements);
                error += FitIntegers(
                    group, maxCode, maxScale, factors, (idealScales[g], idealMinima[g]),
                    out trialScales[g], out trialMinima[g]);
            }

            if (!(error < bestError)) break;
            bestError = error;
            best = factors;
            trialScales.CopyTo(scales);
            trialMinima.CopyTo(minima);
            factors = Refit(values, maxCode, factors, trialScales, trialMinima);
        }

        for (int i = 0; i < values.Length; i++)
        {
            int g = i / groupElements;
            codes[i] = (byte)Code(values[i], best.D * scales[g], best.DMin * minima[g], maxCode);
        }

        return best;
    }

    /// <summary>Scale and minimum of one group, not yet rounded.</summary>
    /// <param name="values">The group.</param>
    /// <param name="maxCode">Highest code.</param>
    /// <param name="anySign">False if the minimum that is taken off must not be negative.</param>
    internal static (float Scale, float Minimum) FitGroup(ReadOnlySpan<float> values, int maxCode, bool anySign)
    {
        float low = anySign ? values[0] : 0;
        float high = values[0];
        foreach (float value in values)
        {
            low = MathF.Min(low, value);
            high = MathF.Max(high, value);
        }

        if (!(high > low)) return (0, -low);

        (float Scale, float Minimum) best = (0, -low);
        double bestError = double.PositiveInfinity;
        foreach (float reach in Reaches)
        {
            (float Scale, float Minimum) line = ((high - low) / (maxCode + reach), -low);
            for (int round = 0; round < 3; round++)
            {
                double error = Error(values, line.Scale, line.Minimum, maxCode);
                if (error < bestError) (bestError, best) = (error, line);
                line = RefitGroup(values, maxCode, line, anySign);
                if (!(line.Scale > 0)) break;
            }
        }

        return best;
    }

    /// <summary>The nearest code of a value.</summary>
    internal static int Code(float value, float scale, float minimum, int maxCode) =>
        scale == 0 ? 0 : (int)MathF.Round(Math.Clamp((value + minimum) / scale, 0, maxCode));

    /// <summary>Squared error of a group with the nearest codes.</summary>
    private static double Error(ReadOnlySpan<float> values, float scale, float minimum, int maxCode)
    {
        double error = 0;
        foreach (float value in values)
        {
            float rest = value - (scale * Code(value, scale, minimum, maxCode) - minimum);
            error += (double)rest * rest;
        }

        return error;
    }

    private static (float Scale, float Minimum) RefitGroup(
        ReadOnlySpan<float> values, int maxCode, (float Scale, float Minimum) line, bool anySign)
    {
        double x = 0, q = 0, qq = 0, xq = 0;
        foreach (float value in values)
        {
            int code = Code(value, line.Scale, line.Minimum, maxCode);
            x += value;
            q += code;
            qq += code * code;
            xq += (double)value * code;
        }

        double determinant = values.Length * qq - q * q;
        if (determinant <= 0) return (0, line.Minimum);
        double scale = (values.Length * xq - x * q) / determinant;
        double minimum = (scale * q - x) / values.Length;
        return minimum >= 0 || anySign ? ((float)scale, (float)minimum) : ((float)(xq / qq), 0);
    }

    /// <summary>The integers around the ideal ones that give the least squared error, which is returned.</summary>
    private static double FitIntegers(
        ReadOnlySpan<float> group,
        int maxCode,
        int maxScale,
        (float D, float DMin) factors,
        (float Scale, float Minimum) ideal,
        out int scale,
        out int minimum)
    {
        int nearScale = Nearest(ideal.Scale, factors.D, maxScale);
        int nearMinimum = Nearest(ideal.Minimum, factors.DMin, maxScale);
        (scale, minimum) = (nearScale, nearMinimum);
        double least = double.PositiveInfinity;
        for (int s = Math.Max(nearScale - 1, 0); s <= Math.Min(nearScale + 1, maxScale); s++)
        {
            for (int m = Math.Max(nearMinimum - 1, 0); m <= Math.Min(nearMinimum + 1, maxScale); m++)
            {
                double error = Error(group, factors.D * s, factors.DMin * m, maxCode);
                if (error < least) (least, scale, minimum) = (error, s, m);
            }
        }

        return least;
    }

    private static int Nearest(float value, float unit, int max) =>
        unit == 0 ? 0 : (int)MathF.Round(Math.Clamp(value / unit, 0, max));

    /// <summary>The two factors that fit best for the codes the current ones give; the current ones if undetermined.
    /// </summary>
    private static (float D, float DMin) Refit(
        ReadOnlySpan<float> values,
        int maxCode,
        (float D, float DMin) factors,
        ReadOnlySpan<int> scales,
        ReadOnlySpan<int> minima)
    {
        int groupElements = values.Length / scales.Length;
        double aa = 0, ab = 0, bb = 0, xa = 0, xb = 0;
        for (int i = 0; i < values.Length; i++)
        {
            int g = i / groupElements;
            double b = minima[g];
            double a = (double)scales[g] * Code(values[i], factors.D * scales[g], factors.DMin * minima[g], maxCode);
            aa += a * a;
            ab += a * b;
            bb += b * b;
            xa += values[i] * a;
            xb += values[i] * b;
        }

        // x ≈ d · a − dmin · b; without minima it is one factor only.
        double determinant = aa * bb - ab * ab;
        if (aa == 0 || (bb != 0 && determinant <= 0)) return factors;
        double d = bb == 0 ? xa / aa : (xa * bb - xb * ab) / determinant;
        double dmin = bb == 0 ? factors.DMin : (xa * ab - xb * aa) / determinant;
        return d > 0 && dmin >= 0 ? (ScaleSearch.ToHalf((float)d), ScaleSearch.ToHalf((float)dmin)) : factors;
    }
}
