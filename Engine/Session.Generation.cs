using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using Engine.Sampling;

namespace Engine;

public sealed partial class Session
{
    /// <summary>What the last generation gave; null before the first one has ended.</summary>
    public GenerationResult? LastGeneration { get; private set; }

    /// <summary>Continues the conversation with a prompt and streams the answer, piece by piece.</summary>
    /// <param name="prompt">Text as the model is to see it (see <see cref="LanguageModel.FormatChat"/>); special tokens
    /// in it are recognised.</param>
    /// <param name="options">Sampling and ends; null = defaults.</param>
    /// <param name="cancellation">Ends the stream with <see cref="OperationCanceledException"/>.</param>
    /// <remarks>Whoever stops reading ends the generation too. <see cref="LastGeneration"/> tells tokens, stop reason
    /// and timings afterwards.</remarks>
    public async IAsyncEnumerable<string> GenerateAsync(string prompt, GenerationOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        int[] ids = PromptEncoder.Encode(Model.Tokenizer, Encoding.UTF8.GetBytes(prompt), begins: Length == 0);
        using var abandoned = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var pieces = Channel.CreateUnbounded<string>(new UnboundedChannelOptions
        {
            SingleReader = true,
            SingleWriter = true,
        });
        // A thread of its own: on one processor the pool has one thread, and whoever reads waits for it, half a second
        // until the pool adds another.
        Task work = Task.Factory.StartNew(
            () =>
            {
                try
                {
                    Generate(ids, options, text => pieces.Writer.TryWrite(text), abandoned.Token);
                }
                finally
                {
                    pieces.Writer.Complete();
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            await foreach (string piece in pieces.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
                yield return piece;
        }
        finally
        {
            await abandoned.CancelAsync().ConfigureAwait(false);
            await work.ConfigureAwait(false);
        }

        cancellation.ThrowIfCancellationRequested();
    }

    /// <summary>Continues the conversation with the tokens of a prompt and generates an answer.</summary>
    /// <param name="prompt">Ids of the prompt; may be empty if there is something to continue.</param>
    /// <param name="options">Sampling and ends; null = defaults.</param>
    /// <param name="onText">Called with each piece of text as it comes.</param>
    /// <param name="cancellation">Ends the generation; the result then has what came before.</param>
    /// <exception cref="InvalidOperationException">The prompt does not fit into the context, or the draft model has
    /// another vocabulary.</exception>
    public GenerationResult Generate(ReadOnlySpan<int> prompt, GenerationOptions? options = null,
        Action<string>? onText = null, CancellationToken cancellation = default)
    {
        options ??= new GenerationOptions();
        var sampler = new Sampler(options.Sampling, Model.VocabularySize, ContextLength);
        var stream = new TextStream(Model.Tokenizer, options.StopStrings);
        var text = new StringBuilder();
        var generated = new List<int>();
        Speculation? speculation = Speculate(options);
        long begin = Stopwatch.GetTimestamp();
        TimeSpan promptTime = TimeSpan.Zero;
        StopReason reason;
        try
        {
            PrefillPrompt(prompt, options, cancellation);
            foreach (int token in Tokens) sampler.Accept(token);
            promptTime = Stopwatch.GetElapsedTime(begin);
            reason = Continue(options, sampler, speculation, stream, generated, Emit, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            promptTime = Stopwatch.GetElapsedTime(begin);
            reason = StopReason.Cancelled;
        }
        finally
        {
            DropUndelivered(speculation);
        }

        Emit(stream.Finish());
        return LastGeneration = new GenerationResult
        {
            Text = text.ToString(),
            Tokens = generated,
            StopReason = reason,
            PromptTokens = prompt.Length,
            DraftTokens = speculation?.DraftTokens ?? 0,
            AcceptedTokens = speculation?.AcceptedTokens ?? 0,
            PromptTime = promptTime,
            GenerationTime = Stopwatch.GetElapsedTime(begin) - promptTime,
        };

        void Emit(string piece)
        {
            if (piece.Length == 0) return;
            text.Append(piece);
            onText?.Invoke(piece);
        }
    }

    private void PrefillPrompt(ReadOnlySpan<int> prompt, GenerationOptions options, CancellationToken cancellation)
    {
        if (!Slides && prompt.Length > ContextLength - Length) throw ContextFull(prompt.Length);
        if (prompt.IsEmpty) Prefill(prompt, cancellation);
        for (int done = 0; done < prompt.Length;)
        {
            int count = Math.Min(batch.Capacity, prompt.Length - done);
            Prefill(prompt.Slice(done, count), cancellation);
            done += count;
            options.PromptProgress?.Invoke(done, prompt.Length);
        }
    }

    private StopReason Continue(GenerationOptions options, Sampler sampler, Speculation? speculation,
        TextStream stream, List<int> generated, Action<string> emit, CancellationToken cancellation)
    {
        while (true)
        {
            if (options.MaxTokens > 0 && generated.Count >= options.MaxTokens) return StopReason.Length;
            if (Length == ContextLength && !Slides) return StopReason.Context;
            cancellation.ThrowIfCancellationRequested();
            int room = options.MaxTokens > 0 ? options.MaxTokens - generated.Count : int.MaxValue;
            int token = Next(sampler, speculation, room);
            if (!options.IgnoreEndOfGeneration && Model.Tokenizer.IsEndOfGeneration(token)
                || options.StopTokens.Contains(token))
                return StopReason.Stop;
            generated.Add(token);
            emit(stream.Push(token));
            if (stream.IsStopped) return StopReason.Stop;
        }
    }
}
