using Engine.Transformer;

namespace Engine;

// What a SessionBatch needs; its caller holds the gate where a step is involved.
public sealed partial class Session
{
    internal bool HasPending => Evaluated < Length;

    /// <summary>All reasons for which a step could fail on this session, before any session has changed.</summary>
    internal void CheckCanGrow()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (Length == ContextLength && !Slides) throw ContextFull(1);
    }

    internal void CheckCanContinue()
    {
        CheckCanGrow();
        if (!hasLogits && !HasPending)
            throw new InvalidOperationException("there is nothing to continue: evaluate a prompt first");
    }

    internal void AppendToken(int token) => Append(new ReadOnlySpan<int>(in token), CancellationToken.None);

    /// <summary>Evaluates all pending tokens but the last, which a common step takes.</summary>
    internal void EvaluateUpToLast()
    {
        int length = Length;
        if (length - Evaluated <= 1) return;
        Length--;
        try
        {
            EvaluatePending(CancellationToken.None);
            // Behind the last evaluated token; a failure above leaves less, without the token.
            Length = length;
        }
        finally
        {
            hasLogits = false;
        }
    }

    /// <summary>Adds the last token as a row of a step.</summary>
    internal void AddTo(StepBatch step)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        step.Add(sequence, tokens.AsSpan(Length - 1, 1), WantedLogits.Last);
        hasLogits = false;
    }

    internal void TakeLogits(ReadOnlySpan<float> values)
    {
        values.CopyTo(logits);
        hasLogits = true;
    }

    /// <summary>After a failed step: its slot was perhaps given out and not written; later steps must not read it.
    /// </summary>
    internal void ForgetLast()
    {
        if (!disposed) GoBack(Math.Max(0, Length - 1));
    }
}
