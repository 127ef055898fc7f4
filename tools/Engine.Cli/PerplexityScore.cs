namespace Engine.Cli;

/// <summary>Mean negative log-likelihood of predicted tokens, with its standard error.</summary>
internal sealed class PerplexityScore(int vocabulary)
{
    private double sum;
    private double squares;

    /// <summary>Predictions scored.</summary>
    public long Count { get; private set; }

    /// <summary>Nats per token.</summary>
    public double Mean => sum / Count;

    /// <summary>Standard error of the mean, as if the predictions were independent.</summary>
    public double MeanError => Math.Sqrt(Math.Max(0, squares / Count - Mean * Mean) / Math.Max(1, Count - 1));

    public double Perplexity => Math.Exp(Mean);

    /// <summary>Standard error of the perplexity: its derivative by the mean is itself.</summary>
    public double PerplexityError => Perplexity * MeanError;

    /// <summary>Adds the prediction of <paramref name="token"/>.</summary>
    public void Add(ReadOnlySpan<float> logits, int token)
    {
        logits = logits[..vocabulary];
        float largest = float.NegativeInfinity;
        foreach (float logit in logits) largest = Math.Max(largest, logit);
        double total = 0;
        foreach (float logit in logits) total += MathF.Exp(logit - largest);
        double nll = largest + Math.Log(total) - logits[token];
        sum += nll;
        squares += nll * nll;
        Count++;
    }
}
