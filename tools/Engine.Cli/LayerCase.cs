using Engine.Attention.Hyper;
using Engine.Transformer;

namespace Engine.Cli;

/// <summary>What is measured: one exact attention, and HyperAttention with each of some settings.</summary>
internal sealed record LayerCase(LayerSource Source, int Length, bool Causal, IReadOnlyList<HyperSettings> Settings)
{
    /// <summary>Heads; each is measured on its own.</summary>
    public int Heads { get; init; } = 1;

    /// <summary>Runs of each head, of which the best counts.</summary>
    public int Repetitions { get; init; } = 1;

    /// <summary>Exact attention takes every so many-th query: 1 = all, else there is no time to compare with.</summary>
    public int ExactEvery { get; init; } = 1;
}

/// <summary>One length and one setting of the measurement of a single layer; times of all heads together.</summary>
internal sealed record LayerRow(string Inputs, int Length, bool Causal, HyperSettings Settings, LayerErrorSum Errors)
{
    /// <summary>Time of exact attention; NaN if not all queries had it.</summary>
    public double ExactMilliseconds { get; init; }

    public double HyperMilliseconds { get; init; }

    public long PeakBytes { get; init; }

    /// <summary>Where the time of the last head went.</summary>
    public LayerTimes Times { get; init; }

    public double Speedup => ExactMilliseconds / HyperMilliseconds;
}

/// <summary>How far approximate outputs are from exact ones, over heads.</summary>
internal sealed unsafe class LayerErrorSum
{
    private readonly List<double> heads = [];
    private double difference, norm, sums;
    private long count;

    /// <summary>Heads that were added.</summary>
    public int Heads => heads.Count;

    /// <summary>Relative error (Frobenius) of all outputs together.</summary>
    public double Relative => Math.Sqrt(difference / norm);

    /// <summary>Mean |ΔLSE|.</summary>
    public double LogSumExp => sums / count;

    /// <summary>Mean of the heads' own relative errors.</summary>
    public double Mean => heads.Average();

    public double Worst => heads.Max();

    public double Median
    {
        get
        {
            double[] sorted = [.. heads.Order()];
            return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
        }
    }

    /// <summary>Adds a head: exact rows, and approximate ones of which every <paramref name="step"/>-th belongs to
    /// them.</summary>
    public void Add(float* exact, float* exactSums, int rows, float* hyper, float* hyperSums, int step, int elements)
    {
        double ownDifference = 0, ownNorm = 0;
        for (int row = 0; row < rows; row++)
        {
            float* found = hyper + ((nint)row * step * elements), should = exact + ((nint)row * elements);
            for (int k = 0; k < elements; k++)
            {
                double apart = found[k] - (double)should[k];
                ownDifference += apart * apart;
                ownNorm += (double)should[k] * should[k];
            }

            sums += Math.Abs(hyperSums[(nint)row * step] - (double)exactSums[row]);
        }

        count += rows;
        difference += ownDifference;
        norm += ownNorm;
        heads.Add(Math.Sqrt(ownDifference / ownNorm));
    }
}
