using Engine.Sampling;
using Engine.Transformer;

namespace Engine;

/// <summary>Receives logits of consecutive positions.</summary>
/// <param name="position">Position of the first row.</param>
/// <param name="logits">Rows of <see cref="LanguageModel.VocabularySize"/> logits; valid during the call.</param>
public delegate void LogitsConsumer(int position, ReadOnlySpan<float> logits);

/// <summary>One conversation with a model: its tokens and their cache.</summary>
/// <remarks>
/// Thread safety: a session is used by one thread at a time; sessions of one model may be used at once.
/// <see cref="Prefill"/> and <see cref="Next(Sampler)"/> allocate nothing.
/// </remarks>
public sealed partial class Session : IDisposable
{
    private readonly Sequence sequence;
    private readonly StepBatch batch;
    private readonly float[] logits;
    private readonly int[] tokens;
    private readonly int sinkTokens;
    private bool hasLogits;
    private bool disposed;

    internal Session(LanguageModel model, Sequence sequence, int contextLength, int sinkTokens)
    {
        this.sinkTokens = sinkTokens;
        Model = model;
        this.sequence = sequence;
        ContextLength = contextLength;
        batch = new StepBatch(model.Transformer.Forward.BatchRows);
        logits = new float[model.VocabularySize];
        tokens = new int[contextLength];
    }

    /// <summary>The model that this is a conversation with.</summary>
    public LanguageModel Model { get; }

    /// <summary>Tokens that fit.</summary>
    public int ContextLength { get; }

    /// <summary>Tokens so far that are held, including one that was chosen and not yet evaluated.</summary>
    public int Length { get; private set; }

    /// <summary>The tokens so far that are held.</summary>
    public ReadOnlySpan<int> Tokens => tokens.AsSpan(0, Length);

    /// <summary>Bytes reserved for cached keys and values.</summary>
    public long CacheBytes => sequence.Cache.Bytes;

    /// <summary>Evaluates tokens and gives the logits of the last one.</summary>
    /// <param name="next">Ids that continue the conversation, at least one.</param>
    /// <param name="cancellation">Looked at between pieces of <see cref="ModelOptions.BatchTokens"/>; what is evaluated
    /// by then stays.</param>
    /// <returns>One logit for each token of the vocabulary; overwritten by the next call.</returns>
    /// <exception cref="ArgumentException">No tokens, or an id that the model does not have.</exception>
    /// <exception cref="InvalidOperationException">The context is full, or nothing is left to evaluate.</exception>
    public ReadOnlySpan<float> Prefill(ReadOnlySpan<int> next, CancellationToken cancellation = default)
    {
        Check(next);
        do
        {
            next = next[Append(next, cancellation)..];
            EvaluatePending(cancellation);
        }
        while (!next.IsEmpty);
        return hasLogits ? logits : throw new InvalidOperationException("there is nothing to evaluate: give tokens");
    }

    /// <summary>Evaluates tokens and hands over the logits of every one of them.</summary>
    /// <param name="next">Ids that continue the conversation.</param>
    /// <param name="consumer">Called with a few rows at a time, in order; must not use this model.</param>
    /// <param name="chunk">Positions of one forward step; 0 = <see cref="ModelOptions.BatchTokens"/>.</param>
    /// <param name="cancellation">Looked at between steps.</param>
    public void Evaluate(ReadOnlySpan<int> next, LogitsConsumer consumer, int chunk = 0,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(consumer);
        ArgumentOutOfRangeException.ThrowIfNegative(chunk);
        Check(next);
        if (Evaluated < Length) EvaluatePending(cancellation);
        int step = chunk == 0 ? batch.Capacity : Math.Min(chunk, batch.Capacity);
        do
        {
            next = next[Append(next, cancellation)..];
            EvaluateAll(consumer, step, cancellation);
        }
        while (!next.IsEmpty);
    }

    private void EvaluateAll(LogitsConsumer consumer, int step, CancellationToken cancellation)
    {
        TransformerModel transformer = Model.Transformer;
        while (Evaluated < Length)
        {
            StopIfCancelled(cancellation);
            int first = Evaluated;
            lock (transformer.Gate)
            {
                Run(Math.Min(step, Length - first), WantedLogits.All);
                int rows = transformer.Forward.OutputRows;
                for (int row = 0; row < rows; row += ForwardPass.LogitRows)
                {
                    int count = Math.Min(ForwardPass.LogitRows, rows - row);
                    Span<float> values = transformer.Forward.Logits(row, count);
                    consumer((int)DroppedTokens + first + row, values);
                    if (row + count == rows) values[^logits.Length..].CopyTo(logits);
                }

                hasLogits = true;
            }
        }
    }

    /// <summary>Chooses the next token: evaluates the one before it, if that is still to do, and samples.</summary>
    /// <returns>The id, already part of <see cref="Tokens"/>.</returns>
    /// <exception cref="InvalidOperationException">Nothing was evaluated yet, or the context is full.</exception>
    public int Next(Sampler sampler) => Next(sampler, chosenFrom: null);

    /// <summary>As <see cref="Next(Sampler)"/>, and keeps the distribution that the token was drawn from.</summary>
    internal int Next(Sampler sampler, TokenDistribution? chosenFrom)
    {
        ArgumentNullException.ThrowIfNull(sampler);
        if (Evaluated < Length) EvaluatePending(CancellationToken.None);
        if (!hasLogits) throw new InvalidOperationException("there is nothing to continue: evaluate a prompt first");
        if (Length == ContextLength && !Slides) throw ContextFull(1);
        // The sampler works in place; a second choice from the same logits would see its traces.
        hasLogits = false;
        int token = sampler.Sample(logits, chosenFrom);
        if (Length == ContextLength) MakeRoom();
        tokens[Length++] = token;
        return token;
    }

    /// <summary>Goes back to the first <paramref name="length"/> tokens of those that are held.</summary>
    /// <remarks>Tokens that were given up do not come back; going back to the first ones, which stay, forgets that
    /// there were any.</remarks>
    /// <exception cref="InvalidOperationException">A sliding window no longer holds what would be needed: only
    /// <see cref="Reset"/> helps.</exception>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ObjectDisposedException.ThrowIf(disposed, this);
        if (length >= Length) return;
        sequence.Cache.Truncate(length);
        Length = length;
        hasLogits = false;
        if (length > sequence.Cache.Sinks) return;
        DroppedTokens = 0;
        dropped = default;
    }

    /// <summary>Forgets everything.</summary>
    public void Reset()
    {
        Truncate(0);
        LastGeneration = null;
        Note = null;
    }

    /// <summary>Goes back as far as needed for the conversation to be a beginning of <paramref name="wanted"/>, and at
    /// least one token less than it: what is left of it can be given to <see cref="Prefill"/>.</summary>
    /// <param name="wanted">A whole conversation, with the tokens that were given up: they are recognised.</param>
    /// <returns>Tokens of <paramref name="wanted"/> that are kept, those that were given up included.</returns>
    public int KeepPrefix(ReadOnlySpan<int> wanted)
    {
        int longest = (int)Math.Max(0, wanted.Length - 1 - DroppedTokens);
        int common = CommonPrefix(wanted);
        // Without a token behind the first ones those that were given up between them are gone as well.
        if (DroppedTokens > 0 && Math.Min(common, longest) <= sequence.Cache.Sinks)
            longest = Math.Max(0, Math.Min(wanted.Length - 1, sequence.Cache.Sinks));
        GoBack(Math.Min(common, longest));
        return (int)(DroppedTokens + Length);
    }

    /// <inheritdoc/>
    /// <remarks>Waits for the step that runs on another thread, if any; whoever generates on it then ends with
    /// <see cref="ObjectDisposedException"/>.</remarks>
    public void Dispose()
    {
        TransformerModel transformer = Model.Transformer;
        if (transformer.Gate.IsHeldByCurrentThread)
            throw new InvalidOperationException("a session cannot be disposed by a consumer of its logits");
        lock (transformer.Gate)
        {
            disposed = true;
            sequence.Dispose();
        }

        draftSession?.Dispose();
    }

    internal bool IsDisposed => disposed;

    /// <summary>Approximate attention; null = all is exact.</summary>
    internal Attention.Hyper.HyperSequence? Hyper => sequence.Hyper;

    /// <summary>The rings of its layers.</summary>
    internal Cache.SequenceCache Rings => sequence.Cache;

    private int Evaluated => sequence.Cache.Length;

    private void Check(ReadOnlySpan<int> next)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (next.IsEmpty && Length == 0) throw new ArgumentException("there are no tokens", nameof(next));
        foreach (int token in next)
            if ((uint)token >= (uint)logits.Length)
                throw new ArgumentException(
                    $"token {token} does not exist: the vocabulary has {logits.Length} tokens", nameof(next));
    }

    private InvalidOperationException ContextFull(int more) =>
        new($"the context is full: it holds {ContextLength} tokens, {Length} are used and {more} more were given");

    private void EvaluatePending(CancellationToken cancellation)
    {
        TransformerModel transformer = Model.Transformer;
        while (Evaluated < Length)
        {
            StopIfCancelled(cancellation);
            int count = Math.Min(batch.Capacity, Length - Evaluated);
            bool last = Evaluated + count == Length;
            lock (transformer.Gate)
            {
                Run(count, last ? WantedLogits.Last : WantedLogits.None);
                if (last) transformer.Forward.Logits(0, 1).CopyTo(logits);
            }

            hasLogits = last;
        }
    }

    /// <summary>What is evaluated stays, the rest is forgotten.</summary>
    private void StopIfCancelled(CancellationToken cancellation)
    {
        if (!cancellation.IsCancellationRequested) return;
        Length = Evaluated;
        hasLogits = false;
        cancellation.ThrowIfCancellationRequested();
    }

    /// <summary>One step; the caller holds the gate.</summary>
    private void Run(int count, WantedLogits wanted)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ObjectDisposedException.ThrowIf(Model.Transformer.IsDisposed, Model);
        int before = Evaluated;
        hasLogits = false;
        batch.Clear();
        batch.Add(sequence, tokens.AsSpan(before, count), wanted);
        try
        {
            Model.Transformer.Forward.Run(batch);
        }
        catch
        {
            // Slots were given out and not all of them written: later steps must not read them.
            GoBack(before);
            throw;
        }
    }
}
