using Engine.Sampling;
using Engine.Transformer;

namespace Engine;

/// <summary>Several conversations with one model that go on together: one pass over the weights gives each of them its
/// next token, so that many cost little more than one.</summary>
/// <remarks>Thread safety: the batch and the sessions in it are used by one thread at a time; other sessions of the
/// model may be used at once. <see cref="Step"/> and <see cref="Prefill"/> allocate nothing. The batch owns no session:
/// they are prefilled, and disposed, by whoever opened them.</remarks>
public sealed class SessionBatch
{
    private readonly LanguageModel model;
    private readonly List<Session> sessions;
    private readonly List<Session> evaluated;
    private readonly StepBatch step;

    /// <summary>Creates an empty batch.</summary>
    /// <param name="model">Model of the sessions.</param>
    /// <param name="capacity">Most sessions at a time, at most <see cref="ModelOptions.BatchTokens"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The capacity is less than 1 or more than the model's steps have
    /// room for.</exception>
    public SessionBatch(LanguageModel model, int capacity)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, model.Transformer.Forward.BatchRows);
        this.model = model;
        sessions = new List<Session>(capacity);
        evaluated = new List<Session>(capacity);
        step = new StepBatch(capacity);
    }

    /// <summary>The sessions, in the order of samplers and tokens.</summary>
    public IReadOnlyList<Session> Sessions => sessions;

    /// <summary>Adds a session of the batch's model, behind the others.</summary>
    /// <exception cref="ArgumentException">It is of another model, or in the batch already.</exception>
    /// <exception cref="InvalidOperationException">The batch is full.</exception>
    public void Add(Session session)
    {
        ArgumentNullException.ThrowIfNull(session);
        if (!ReferenceEquals(session.Model, model))
            throw new ArgumentException("the session is of another model", nameof(session));
        if (sessions.Contains(session))
            throw new ArgumentException("the session is in the batch already", nameof(session));
        if (sessions.Count == step.Capacity)
            throw new InvalidOperationException($"the batch is full: it holds {step.Capacity} sessions");
        sessions.Add(session);
    }

    /// <summary>Takes a session out; those behind it move up.</summary>
    /// <returns>False if it was not in the batch.</returns>
    public bool Remove(Session session) => sessions.Remove(session);

    /// <summary>Chooses the next token of every session, as <see cref="Session.Next(Sampler)"/> does for one: evaluates
    /// what is still to do, all in one pass, and samples.</summary>
    /// <param name="samplers">One for each session, each told of the choice by the caller
    /// (<see cref="Sampler.Accept"/>).</param>
    /// <param name="tokens">Receives one id for each session.</param>
    /// <exception cref="ArgumentException">Not as many samplers or places as sessions.</exception>
    /// <exception cref="InvalidOperationException">A session has nothing to continue or its context is full; no session
    /// has changed.</exception>
    public void Step(ReadOnlySpan<Sampler> samplers, Span<int> tokens)
    {
        CheckCount(samplers.Length, nameof(samplers));
        CheckCount(tokens.Length, nameof(tokens));
        foreach (Session session in sessions) session.CheckCanContinue();
        Evaluate();
        for (int i = 0; i < sessions.Count; i++) tokens[i] = sessions[i].Next(samplers[i]);
    }

    /// <summary>Evaluates one given token for every session, in one pass.</summary>
    /// <param name="next">One id for each session.</param>
    /// <exception cref="ArgumentException">Not as many ids as sessions, or an id that the model does not have.
    /// </exception>
    /// <exception cref="InvalidOperationException">The context of a session is full; no session has changed.
    /// </exception>
    public void Prefill(ReadOnlySpan<int> next)
    {
        CheckCount(next.Length, nameof(next));
        foreach (int token in next)
            if ((uint)token >= (uint)model.VocabularySize)
                throw new ArgumentException($"token {token} does not exist", nameof(next));
        foreach (Session session in sessions) session.CheckCanGrow();
        for (int i = 0; i < next.Length; i++) sessions[i].AppendToken(next[i]);
        Evaluate();
    }

    private void CheckCount(int count, string name)
    {
        if (count != sessions.Count)
            throw new ArgumentException($"expected {sessions.Count}, one for each session, found {count}", name);
    }

    private void Evaluate()
    {
        foreach (Session session in sessions) session.EvaluateUpToLast();
        TransformerModel transformer = model.Transformer;
        lock (transformer.Gate)
        {
            ObjectDisposedException.ThrowIf(transformer.IsDisposed, model);
            step.Clear();
            evaluated.Clear();
            foreach (Session session in sessions)
            {
                if (!session.HasPending) continue;
                session.AddTo(step);
                evaluated.Add(session);
            }

            if (evaluated.Count > 0) Run(transformer.Forward);
        }
    }

    private void Run(ForwardPass forward)
    {
        try
        {
            forward.Run(step);
        }
        catch
        {
            foreach (Session session in evaluated) session.ForgetLast();
            throw;
        }

        for (int row = 0; row < evaluated.Count; row += ForwardPass.LogitRows)
        {
            int count = Math.Min(ForwardPass.LogitRows, evaluated.Count - row);
            ReadOnlySpan<float> values = forward.Logits(row, count);
            for (int i = 0; i < count; i++)
                evaluated[row + i].TakeLogits(values.Slice(i * model.VocabularySize, model.VocabularySize));
        }
    }
}
