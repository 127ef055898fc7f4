namespace Engine.Attention.Hyper;

/// <summary>Collects how far approximate attention is from exact, for each layer, head and range of lengths.</summary>
internal sealed unsafe class HyperProbe
{
    private readonly Lock gate = new();
    private readonly int[] lengths;
    private readonly Cell[] cells;
    private readonly int layers, heads;

    /// <param name="layers">Layers of the model.</param>
    /// <param name="heads">Query heads of a layer at most.</param>
    /// <param name="lengths">Ends of the ranges of positions, ascending.</param>
    public HyperProbe(int layers, int heads, ReadOnlySpan<int> lengths)
    {
        this.layers = layers;
        this.heads = heads;
        this.lengths = lengths.ToArray();
        cells = new Cell[layers * heads * lengths.Length];
    }

    /// <summary>Adds one query: approximate output as sums times factor, beside the exact one.</summary>
    public void Add(int layer, int head, int position, float* sums, float factor, float* exact, int n,
        float logSumExpDifference)
    {
        int range = 0;
        while (range < lengths.Length && position >= lengths[range]) range++;
        if (range == lengths.Length) return;
        double difference = 0, norm = 0;
        for (int k = 0; k < n; k++)
        {
            double apart = (sums[k] * (double)factor) - exact[k];
            difference += apart * apart;
            norm += exact[k] * (double)exact[k];
        }

        lock (gate)
        {
            ref Cell cell = ref cells[Index(layer, head, range)];
            cell.Difference += difference;
            cell.Norm += norm;
            cell.LogSumExp += Math.Abs(logSumExpDifference);
            cell.Count++;
        }
    }

    /// <summary>Relative error of a head's outputs (Frobenius) within a range of lengths; NaN if none was measured.
    /// </summary>
    public double RelativeError(int layer, int head, int range)
    {
        ref Cell cell = ref cells[Index(layer, head, range)];
        return Math.Sqrt(cell.Difference / cell.Norm);
    }

    /// <summary>Mean |ΔLSE|; NaN if none was measured.</summary>
    public double LogSumExpError(int layer, int head, int range)
    {
        ref Cell cell = ref cells[Index(layer, head, range)];
        return cell.LogSumExp / cell.Count;
    }

    private int Index(int layer, int head, int range)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(layer, layers);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(head, heads);
        return (((range * layers) + layer) * heads) + head;
    }

    private struct Cell
    {
        public double Difference, Norm, LogSumExp;
        public long Count;
    }
}
