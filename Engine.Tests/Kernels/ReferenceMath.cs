namespace Engine.Tests.Kernels;

/// <summary>Functions in double precision that .NET lacks.</summary>
internal static class ReferenceMath
{
    /// <summary>Φ(x): Taylor series near 0, continued fraction for the tails (Abramowitz and Stegun 26.2.10, 26.2.14).
    /// </summary>
    public static double NormalDistribution(double x)
    {
        double density = Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
        if (Math.Abs(x) < 4)
        {
            double term = x, sum = x;
            for (int k = 1; k < 200; k++)
            {
                term *= x * x / ((2 * k) + 1);
                sum += term;
            }

            return 0.5 + (density * sum);
        }

        double fraction = 0;
        for (int k = 100; k > 0; k--) fraction = k / (Math.Abs(x) + fraction);
        double tail = density / (Math.Abs(x) + fraction);
        return x > 0 ? 1 - tail : tail;
    }
}
