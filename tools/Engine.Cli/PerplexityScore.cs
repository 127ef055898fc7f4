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

    /// <summary>Evaluates a window from an empty cache and adds the predictions of its tokens.</summary>
    /// <param name="session">The session; what it holds is forgotten.</param>
    /// <param name="ids">The window.</param>
    /// <param name="first">First token that predicts one which counts.</param>
    /// <param name="chunk">Positions of one step; 0 = as many as the model takes.</param>
    /// <param name="cancellation">Looked at between steps.</param>
    public void AddWindow(Session session, int[] ids, int first, int chunk, CancellationToken cancellation)
    {
        session.Reset();
        if (first > 0) session.Prefill(ids.AsSpan(0, first), cancellation);
        int width = session.Model.VocabularySize;
        session.Evaluate(
            ids.AsSpan(first, ids.Length - 1 - first),
            (position, logits) =>
            {
                for (int row = 0; row < logits.Length / width; row++)
                    Add(logits.Slice(row * width, width), ids[position + row + 1]);
            },
            chunk, cancellation);
    }

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
