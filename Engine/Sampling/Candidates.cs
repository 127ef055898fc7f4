using System.Numerics;
using System.Runtime.Intrinsics;

namespace Engine.Sampling;

/// <summary>The tokens that may still be drawn, in the order of their ids, with their logits and weights.</summary>
/// <remarks>Every filter finds a cut, then drops what lies behind it; so the order is never lost, and neither the
/// result nor the draw depends on how the cut was found. Arrays are padded to whole vectors with logits of −∞.
/// </remarks>
internal sealed class Candidates
{
    private readonly int[] _ids;
    private readonly float[] _logits;
    private readonly float[] _weights;
    private readonly float[] _keys;
    private readonly int[] _scratchIds;
    private readonly float[] _scratchKeys;
    private readonly float[] _scratchWeights;
    private float _max;
    private double _sum;
    private bool _hasWeights;

    /// <summary>Sizes the buffers.</summary>
    /// <param name="capacity">Most candidates that collecting will leave.</param>
    public Candidates(int capacity)
    {
        int padded = Softmax.PaddedLength(capacity);
        _ids = new int[padded];
        _logits = new float[padded];
        _weights = new float[padded];
        _keys = new float[padded];
        _scratchIds = new int[padded];
        _scratchKeys = new float[padded];
        _scratchWeights = new float[padded];
    }

    public int Count { get; private set; }

    /// <summary>Largest k that <see cref="CollectTop"/> takes: its heap is fast while it is small.</summary>
    public static int MaximumHeap => 1024;

    /// <summary>Takes all tokens whose logits are above −∞ and not NaN; +∞ counts as the largest number.</summary>
    public void Collect(ReadOnlySpan<float> logits) => Collect(logits, float.NegativeInfinity, -1);

    /// <summary>Takes the k largest logits, of equals those with smaller ids.</summary>
    public void CollectTop(ReadOnlySpan<float> logits, int k)
    {
        // A heap of the k best so far, the worst of them at the root. Ids rise, so an equal logit never replaces it,
        // and one comparison decides for eight logits: after the first few hundred hardly any enters.
        Span<float> heap = _scratchKeys.AsSpan(0, k);
        Span<int> heapIds = _scratchIds.AsSpan(0, k);
        heap.Fill(float.NegativeInfinity);
        heapIds.Fill(-1);
        int i = 0;
        for (; i <= logits.Length - Softmax.Lanes; i += Softmax.Lanes)
        {
            Vector256<float> eight = Vector256.Create(logits[i..]);
            uint above = Vector256.GreaterThan(eight, Vector256.Create(heap[0])).ExtractMostSignificantBits();
            for (; above != 0; above &= above - 1)
            {
                int id = i + BitOperations.TrailingZeroCount(above);
                if (logits[id] > heap[0]) ReplaceRoot(heap, heapIds, logits[id], id);
            }
        }

        for (; i < logits.Length; i++)
        {
            if (logits[i] > heap[0]) ReplaceRoot(heap, heapIds, logits[i], i);
        }

        Collect(logits, heap[0], heapIds[0]);
    }

    /// <summary>Keeps the k largest of the candidates.</summary>
    public void KeepTop(int k)
    {
        if (k >= Count) return;
        _weights.AsSpan(0, Count).Fill(1);
        _weights.AsSpan(Count, Softmax.PaddedLength(Count) - Count).Clear();
        (float key, int id) = FindCut(_logits, _max, k);
        KeepFrom(key, id);
    }

    /// <summary>Keeps the fewest largest that hold the share p of the probability.</summary>
    public void KeepNucleus(float p)
    {
        Weigh();

        (float key, int id) = FindCut(_logits, _max, p * _sum);
        KeepFrom(key, id);
    }

    /// <summary>Keeps what is at least as probable as the best times e^<paramref name="logMinP"/>.</summary>
    public void KeepNearBest(float logMinP) => KeepFrom(_max + logMinP, int.MaxValue);

    /// <summary>Keeps the tokens nearest the expected surprise that hold the share p of the probability.</summary>
    public void KeepTypical(float p)
    {
        Weigh();
        double logSum = Math.Log(_sum);
        double entropy = 0;
        for (int i = 0; i < Count; i++)
        {
            if (_weights[i] > 0) entropy += _weights[i] / _sum * (logSum - (_logits[i] - _max));
        }

        // Surprise is log sum − (logit − max); the key is minus its distance from the entropy.
        float expected = (float)(_max + logSum - entropy);
        int padded = Softmax.PaddedLength(Count);
        for (int i = 0; i < padded; i++) _keys[i] = -Math.Abs(_logits[i] - expected);
        (float key, int id) = FindCut(_keys, 0, p * _sum);
        int kept = 0;
        for (int i = 0; i < Count; i++)
        {
            if (_keys[i] > key || (_keys[i] == key && _ids[i] <= id)) Keep(i, kept++);
        }

        SetCount(kept);
    }

    /// <summary>Makes the final weights: the softmax of the logits times <paramref name="scale"/>.</summary>
    /// <param name="scale">One over the temperature.</param>
    public void Weigh(float scale)
    {
        if (scale == 1) Weigh();
        else Exponentiate(scale);
    }

    /// <summary>Draws by the final weights.</summary>
    /// <param name="uniform">From 0 to below 1.</param>
    public int Draw(double uniform) =>
        _ids[Softmax.Locate(_weights.AsSpan(0, Softmax.PaddedLength(Count)), uniform * _sum)];

    /// <summary>Probability of a token by the final weights.</summary>
    public double Probability(int id)
    {
        int place = _ids.AsSpan(0, Count).BinarySearch(id);
        return place < 0 ? 0 : _weights[place] / _sum;
    }

    /// <summary>Draws by what the final probabilities have above those of another distribution.</summary>
    /// <param name="other">Not the same as the final probabilities.</param>
    /// <param name="uniform">From 0 to below 1.</param>
    public int DrawResidual(TokenDistribution other, double uniform)
    {
        ReadOnlySpan<int> otherIds = other.Ids;
        ReadOnlySpan<double> otherProbabilities = other.Probabilities;
        Span<float> residual = _scratchWeights.AsSpan(0, Softmax.PaddedLength(Count));
        residual.Clear();
        for (int i = 0, j = 0; i < Count; i++)
        {
            while (j < otherIds.Length && otherIds[j] < _ids[i]) j++;
            double taken = j < otherIds.Length && otherIds[j] == _ids[i] ? otherProbabilities[j] : 0;
            residual[i] = (float)Math.Max(0, (_weights[i] / _sum) - taken);
        }

        double sum = Softmax.Sum(residual);
        // Equal up to rounding: nothing is left to tell them apart by.
        return sum > 0 ? _ids[Softmax.Locate(residual, uniform * sum)] : Draw(uniform);
    }

    /// <summary>Hands over the final probabilities.</summary>
    public void CopyTo(TokenDistribution distribution) =>
        distribution.Set(_ids.AsSpan(0, Count), _weights.AsSpan(0, Count), _sum);

    private void Collect(ReadOnlySpan<float> logits, float cut, int cutId)
    {
        int count = 0;
        int i = 0;
        Vector256<int> lanes = Vector256.Create(0, 1, 2, 3, 4, 5, 6, 7);
        Vector256<float> cuts = Vector256.Create(cut);
        for (; i <= logits.Length - Softmax.Lanes; i += Softmax.Lanes)
        {
            Vector256<float> eight = Vector256.Create(logits[i..]);
            if (Vector256.GreaterThanAll(eight, cuts))
            {
                // Usual where nothing is cut.
                Vector256.Min(eight, Vector256.Create(float.MaxValue)).CopyTo(_logits.AsSpan(count));
                (Vector256.Create(i) + lanes).CopyTo(_ids.AsSpan(count));
                count += Softmax.Lanes;
                continue;
            }

            uint kept = Vector256.GreaterThanOrEqual(eight, cuts).ExtractMostSignificantBits();
            for (; kept != 0; kept &= kept - 1) Take(i + BitOperations.TrailingZeroCount(kept), logits);
        }

        for (; i < logits.Length; i++) Take(i, logits);
        SetCount(count);

        void Take(int id, ReadOnlySpan<float> from)
        {
            float logit = from[id];
            if (!(logit > cut) && !(logit == cut && id <= cutId)) return;
            _logits[count] = Math.Min(logit, float.MaxValue);
            _ids[count++] = id;
        }
    }

    private static void ReplaceRoot(Span<float> heap, Span<int> ids, float logit, int id)
    {
        int hole = 0;
        while (true)
        {
            int child = (2 * hole) + 1;
            if (child >= heap.Length) break;
            if (child + 1 < heap.Length && IsWorse(heap, ids, child + 1, heap[child], ids[child])) child++;
            if (!IsWorse(heap, ids, child, logit, id)) break;
            (heap[hole], ids[hole]) = (heap[child], ids[child]);
            hole = child;
        }

        (heap[hole], ids[hole]) = (logit, id);
    }

    private static bool IsWorse(Span<float> heap, Span<int> ids, int place, float logit, int id) =>
        WeightedCut.Precedes(logit, id, heap[place], ids[place]);

    /// <summary>Where the weights reach a target in the order of keys, largest first: narrows the range of keys in a
    /// few passes over whole vectors, then selects among the few that lie in it.</summary>
    /// <param name="keys">One a candidate, padded with −∞.</param>
    /// <param name="top">A bound that no key exceeds.</param>
    /// <param name="target">The sum of weights to reach.</param>
    private (float Key, int Id) FindCut(float[] keys, float top, double target)
    {
        int padded = Softmax.PaddedLength(Count);
        target = Math.Max(target, double.Epsilon);
        KeyRange range = KeyRange.Narrow(keys.AsSpan(0, padded), _weights.AsSpan(0, padded), top, target);
        int count = 0;
        Vector256<float> low = Vector256.Create(range.Low);
        for (int i = 0; i < padded; i += Softmax.Lanes)
        {
            uint inside = Vector256.GreaterThanOrEqual(Vector256.Create(keys.AsSpan(i)), low)
                .ExtractMostSignificantBits();
            for (; inside != 0; inside &= inside - 1)
            {
                int place = i + BitOperations.TrailingZeroCount(inside);
                if (keys[place] >= range.High || place >= Count) continue;
                _scratchKeys[count] = keys[place];
                _scratchIds[count] = _ids[place];
                _scratchWeights[count++] = _weights[place];
            }
        }

        return WeightedCut.Find(
            _scratchKeys.AsSpan(0, count), _scratchIds.AsSpan(0, count), _scratchWeights.AsSpan(0, count),
            Math.Max(target - range.WeightAbove, double.Epsilon));
    }

    private void KeepFrom(float cut, int cutId)
    {
        int kept = 0;
        int padded = Softmax.PaddedLength(Count);
        Vector256<float> cuts = Vector256.Create(cut);
        for (int i = 0; i < padded; i += Softmax.Lanes)
        {
            uint near = Vector256.GreaterThanOrEqual(Vector256.Create(_logits.AsSpan(i)), cuts)
                .ExtractMostSignificantBits();
            for (; near != 0; near &= near - 1)
            {
                int place = i + BitOperations.TrailingZeroCount(near);
                if (_logits[place] > cut || _ids[place] <= cutId) Keep(place, kept++);
            }
        }

        SetCount(kept);
    }

    private void Keep(int from, int to)
    {
        _logits[to] = _logits[from];
        _ids[to] = _ids[from];
    }

    private void SetCount(int count)
    {
        Count = count;
        _hasWeights = false;
        _logits.AsSpan(count, Softmax.PaddedLength(count) - count).Fill(float.NegativeInfinity);
        _max = Softmax.Max(_logits.AsSpan(0, Softmax.PaddedLength(count)));
    }

    private void Weigh()
    {
        if (!_hasWeights) Exponentiate(1);
        _hasWeights = true;
    }

    private void Exponentiate(float scale)
    {
        int padded = Softmax.PaddedLength(Count);
        _sum = Softmax.Exponentiate(_logits.AsSpan(0, padded), _weights.AsSpan(0, padded), _max, scale);
        _hasWeights = false;
    }
}
