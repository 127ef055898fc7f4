using Engine.Attention;
using Engine.Transformer;

namespace Engine;

// A full context that gives up tokens behind its sinks.
public sealed partial class Session
{
    private TokenDigest dropped;

    /// <summary>Tokens behind the first ones that were given up so far
    /// (<see cref="ContextOverflow.KeepSinksAndRecent"/>); <see cref="Tokens"/> and <see cref="Length"/> are without
    /// them.</summary>
    public long DroppedTokens { get; private set; }

    private bool Slides => sequence.Cache.Slides;

    /// <summary>Appends as many tokens as there is room for; a full context makes room first if it may.</summary>
    /// <returns>Tokens that were taken: all, unless the context slides.</returns>
    private int Append(ReadOnlySpan<int> next, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (!Slides && next.Length > ContextLength - Length) throw ContextFull(next.Length);
        if (Length == ContextLength && !next.IsEmpty)
        {
            if (Evaluated < Length) EvaluatePending(cancellation);
            MakeRoom();
        }

        int count = Math.Min(next.Length, ContextLength - Length);
        next[..count].CopyTo(tokens.AsSpan(Length));
        Length += count;
        return count;
    }

    /// <summary>Gives up the oldest tokens behind the sinks of a full and evaluated context.</summary>
    private void MakeRoom()
    {
        TransformerModel transformer = Model.Transformer;
        int sinks = sequence.Cache.Sinks;
        int count;
        lock (transformer.Gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            ObjectDisposedException.ThrowIf(transformer.IsDisposed, Model);
            count = transformer.Slide(sequence);
        }

        dropped.Add(tokens.AsSpan(sinks, count));
        tokens.AsSpan(sinks + count, Length - sinks - count).CopyTo(tokens.AsSpan(sinks));
        Length -= count;
        DroppedTokens += count;
    }

    /// <summary>How many of the tokens held begin <paramref name="wanted"/>, where the tokens that were given up belong
    /// between the first ones and the others.</summary>
    private int CommonPrefix(ReadOnlySpan<int> wanted)
    {
        if (DroppedTokens == 0) return Tokens.CommonPrefixLength(wanted);
        int sinks = sequence.Cache.Sinks;
        int common = Tokens[..sinks].CommonPrefixLength(wanted);
        if (common < sinks || wanted.Length - sinks <= DroppedTokens) return common;
        int between = (int)DroppedTokens;
        var digest = default(TokenDigest);
        digest.Add(wanted.Slice(sinks, between));
        if (digest != dropped) return common;
        return sinks + Tokens[sinks..].CommonPrefixLength(wanted[(sinks + between)..]);
    }

    /// <summary>Computes exact attention besides wherever pages are selected, and collects the error; null if none are.
    /// The caller disposes it after the session's last step.</summary>
    internal PageErrors? MeasurePages()
    {
        if (sequence.Selector is not { } selector) return null;
        ModelConfig config = Model.Transformer.Config;
        return selector.Errors = new PageErrors(Model.Threads,
            config.Layers.Max(layer => layer.Heads / layer.KvHeads), config.ValueDimension);
    }

    /// <summary>Goes back as <see cref="Truncate"/> does, or to the beginning where a sliding window has moved on.
    /// </summary>
    private void GoBack(int length)
    {
        try
        {
            Truncate(length);
        }
        catch (InvalidOperationException)
        {
            Truncate(0);
        }
    }
}
