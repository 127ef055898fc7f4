using Engine.Sampling;

namespace Engine.Tests.Sampling;

/// <summary>The filters as their papers have them: sort, add up, cut; in double.</summary>
internal static class SamplerReference
{
    /// <summary>Probability of every token that is left, by id.</summary>
    public static Dictionary<int, double> Distribution(float[] logits, SamplingOptions options)
    {
        var left = Enumerable.Range(0, logits.Length).ToList();
        if (options.TopK > 0) left = [.. Best(left, id => logits[id]).Take(options.TopK)];
        if (options.TypicalP < 1)
        {
            Dictionary<int, double> shares = Shares(left, logits, 1);
            double entropy = -shares.Values.Sum(share => share * Math.Log(share));
            left = Reach(Best(left, id => -Math.Abs(-Math.Log(shares[id]) - entropy)), shares, options.TypicalP);
        }

        if (options.TopP < 1)
            left = Reach(Best(left, id => logits[id]), Shares(left, logits, 1), options.TopP);
        if (options.MinP > 0)
        {
            Dictionary<int, double> shares = Shares(left, logits, 1);
            left = [.. left.Where(id => shares[id] >= options.MinP * shares.Values.Max())];
        }

        left.Sort();
        return Shares(left, logits, options.Temperature);
    }

    /// <summary>True if the point falls on the token, laid out by id, within the error of single precision.</summary>
    public static bool Holds(Dictionary<int, double> distribution, int token, double point)
    {
        const double Error = 1e-4;
        double end = 0;
        foreach ((int id, double share) in distribution)
        {
            double start = end;
            end += share;
            if (id == token) return point >= start - Error && point <= end + Error;
        }

        return false;
    }

    private static IOrderedEnumerable<int> Best(IEnumerable<int> ids, Func<int, double> key) =>
        ids.OrderByDescending(id => Math.Round(key(id), 9)).ThenBy(id => id);

    private static List<int> Reach(IEnumerable<int> ordered, Dictionary<int, double> shares, double target)
    {
        var kept = new List<int>();
        double sum = 0;
        foreach (int id in ordered)
        {
            kept.Add(id);
            if ((sum += shares[id]) >= target) break;
        }

        return kept;
    }

    private static Dictionary<int, double> Shares(List<int> ids, float[] logits, double temperature)
    {
        double max = ids.Max(id => logits[id]);
        double sum = ids.Sum(id => Math.Exp((logits[id] - max) / temperature));
        return ids.ToDictionary(id => id, id => Math.Exp((logits[id] - max) / temperature) / sum);
    }
}
