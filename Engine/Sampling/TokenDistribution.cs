namespace Engine.Sampling;

/// <summary>Probabilities of the tokens that a sampler left, in the order of their ids.</summary>
internal sealed class TokenDistribution(int capacity)
{
    private readonly int[] _ids = new int[capacity];
    private readonly double[] _probabilities = new double[capacity];
    private int _count;

    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, _count);

    public ReadOnlySpan<double> Probabilities => _probabilities.AsSpan(0, _count);

    /// <summary>Probability of a token; 0 if it was filtered out.</summary>
    public double this[int id]
    {
        get
        {
            int place = Ids.BinarySearch(id);
            return place < 0 ? 0 : _probabilities[place];
        }
    }

    /// <summary>Takes over ids, rising, and weights divided by their sum.</summary>
    public void Set(ReadOnlySpan<int> ids, ReadOnlySpan<float> weights, double sum)
    {
        ids.CopyTo(_ids);
        for (int i = 0; i < ids.Length; i++) _probabilities[i] = weights[i] / sum;
        _count = ids.Length;
    }
}
