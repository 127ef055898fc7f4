using Engine.Sampling;
using Engine.Transformer;

namespace Engine;

public sealed partial class Session
{
    /// <summary>Conversation of the draft model, kept between generations: it has most of the text already.</summary>
    private Session? draftSession;

    private Speculation? Speculate(GenerationOptions options)
    {
        if (options.Speculation is not { } speculation) return null;
        speculation.Validate();
        int most = Math.Min(speculation.MaxDraftTokens, batch.Capacity - 1);
        if (most == 0) return null;
        IDraft draft = speculation.DraftModel is { } model
            ? new ModelDraft(DraftSession(model), options.Sampling, Model.VocabularySize, most)
            : new PromptLookupDraft(speculation.MinNGram, speculation.MaxNGram);
        return new Speculation(draft, most);
    }

    private Session DraftSession(LanguageModel model)
    {
        if (draftSession is { IsDisposed: false } && draftSession.Model == model) return draftSession;
        ModelDraft.CheckVocabulary(Model, model);
        draftSession?.Dispose();
        return draftSession = model.CreateSession(new SessionOptions
        {
            ContextLength = Math.Min(ContextLength, model.Transformer.LargestContext),
        });
    }

    /// <summary>Chooses the next token, from a step of several guessed tokens where there is a guess.</summary>
    /// <param name="sampler">Has accepted the token afterwards.</param>
    /// <param name="speculation">Null = one token at a time.</param>
    /// <param name="room">Tokens that may still be generated, at least 1.</param>
    private int Next(Sampler sampler, Speculation? speculation, int room)
    {
        if (speculation is not null && (speculation.HasDecided || Verify(sampler, speculation, room)))
            return tokens[Length++] = speculation.Take();
        int token = Next(sampler);
        sampler.Accept(token);
        return token;
    }

    /// <summary>Evaluates the last token together with guesses of the next ones, and decides.</summary>
    /// <returns>False if nothing was guessed.</returns>
    private bool Verify(Sampler sampler, Speculation speculation, int room)
    {
        // Straight after a prompt its logits are there: nothing is left to evaluate.
        if (Evaluated != Length - 1) return false;
        // The model's own token follows the guesses and needs room too.
        int most = Math.Min(room, ContextLength - Length) - 1;
        if (most <= 0) return false;
        int count = speculation.Propose(Tokens, tokens.AsSpan(Length, most));
        if (count == 0) return false;
        TransformerModel transformer = Model.Transformer;
        lock (transformer.Gate)
        {
            int kept = Length;
            Run(count + 1, WantedLogits.All);
            try
            {
                kept += speculation.Decide(tokens.AsSpan(Length, count), transformer.Forward.Logits(0, count + 1),
                    sampler);
            }
            finally
            {
                sequence.Cache.Truncate(kept);
            }
        }

        return true;
    }

    /// <summary>The text ended within accepted guesses: forgets the rest, and the last token is as yet unevaluated, as
    /// it is without guesses.</summary>
    private void DropUndelivered(Speculation? speculation)
    {
        if (speculation is not { HasDecided: true }) return;
        lock (Model.Transformer.Gate)
        {
            if (!disposed) sequence.Cache.Truncate(Length - 1);
        }
    }
}
