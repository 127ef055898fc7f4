using Engine.Attention.Hyper;
using Engine.Cache;
using Engine.Gguf;
using Engine.Isa;
using Engine.Text;
using Engine.Threading;
using Engine.Transformer;

namespace Engine;

/// <summary>A language model, loaded from a GGUF file and ready to run.</summary>
/// <remarks>Thread safety: a model is immutable and may be shared by any number of threads and sessions; forward steps
/// of its sessions take turns. Dispose it after its sessions.</remarks>
public sealed class LanguageModel : IDisposable
{
    private readonly GgufFile file;
    private readonly Lazy<Tokenizer> tokenizer;
    private readonly Lazy<ChatTemplate?> chatTemplate;
    private readonly Lazy<UInt128> fingerprint;

    private LanguageModel(GgufFile file, TransformerModel transformer)
    {
        this.file = file;
        Transformer = transformer;
        // A vocabulary takes longer to read than a forward step of a small model, and not every use needs one.
        tokenizer = new Lazy<Tokenizer>(() => ModelText.ReadTokenizer(file.Metadata));
        chatTemplate = new Lazy<ChatTemplate?>(() => ModelText.ReadChatTemplate(file.Metadata));
        fingerprint = new Lazy<UInt128>(() => ModelFingerprint.Of(file));
    }

    /// <summary>Name that the file gives the model, or its architecture.</summary>
    public string Name => file.Metadata.GetString("general.name", Architecture);

    /// <summary>Architecture in GGUF's spelling, such as <c>llama</c>.</summary>
    public string Architecture => Transformer.Config.Architecture;

    /// <summary>The file's metadata; readable until the model is disposed.</summary>
    public GgufMetadata Metadata => file.Metadata;

    /// <summary>Number of tokens that the model knows: the length of its logits.</summary>
    public int VocabularySize => Transformer.Weights.Vocabulary;

    /// <summary>Context length that the model was trained for.</summary>
    public int TrainedContextLength => Transformer.Config.TrainedContext;

    /// <summary>Instruction set of the kernels in use.</summary>
    public InstructionSet InstructionSet => Transformer.Kernels.InstructionSet;

    /// <summary>Threads that compute.</summary>
    public int Threads => Transformer.Threads;

    /// <summary>Text to tokens and back.</summary>
    /// <exception cref="ModelFormatException">The file has no vocabulary, or a damaged or unknown one.</exception>
    public Tokenizer Tokenizer => tokenizer.Value;

    /// <summary>The model's chat template; null if the file has none.</summary>
    /// <exception cref="ChatTemplateException">The template is not valid.</exception>
    public ChatTemplate? ChatTemplate => chatTemplate.Value;

    internal TransformerModel Transformer { get; }

    /// <summary>Tells this model from others.</summary>
    internal UInt128 Fingerprint => fingerprint.Value;

    /// <summary>Bytes of the matrices that one token passes through; of the embeddings only the head counts.</summary>
    internal long WeightBytesPerToken => BytesOf(Transformer.Weights.Output)
        + Transformer.Weights.Layers.Sum(layer => layer.Linears.Sum(BytesOf));

    /// <summary>Bytes of the weights that were packed at load, copies in memory; 0 if all are mapped.</summary>
    public long PackedBytes => Transformer.Weights.PackedBytes;

    /// <summary>Loads a model. The weights stay in the file, which is mapped, not read, unless they are to be packed
    /// (<see cref="ModelOptions.PackWeights"/>).</summary>
    /// <param name="path">A GGUF file; of a split model, its first part.</param>
    /// <param name="options">Threads and kernels; null = the best for this machine.</param>
    /// <exception cref="ModelFormatException">The file is damaged, or of a kind that this engine does not know.
    /// </exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="PlatformNotSupportedException">The machine lacks the instruction set.</exception>
    public static LanguageModel Load(string path, ModelOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new ModelOptions();
        ArgumentOutOfRangeException.ThrowIfNegative(options.Threads, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BatchTokens, 1, nameof(options));
        GgufFile file = GgufFile.Open(path);
        try
        {
            int threads = options.Threads == 0 ? Processors.DefaultThreads : options.Threads;
            InstructionSet isa = options.InstructionSet ?? InstructionSets.Best;
            var transformer = TransformerModel.Load(file, isa, threads, options.BatchTokens,
                options.PackWeights, options.PackingProgress);
            return new LanguageModel(file, transformer);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Opens a conversation with an empty cache.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The model has no positions for so long a context, or an option is
    /// out of its range.</exception>
    /// <exception cref="ArgumentException">Attention is to be approximate in a layer that is not there, or in a context
    /// that slides.</exception>
    /// <exception cref="InvalidOperationException">The context is to slide, and the model's positions cannot be moved.
    /// </exception>
    public Session CreateSession(SessionOptions? options = null)
    {
        options ??= new SessionOptions();
        ArgumentOutOfRangeException.ThrowIfNegative(options.ContextLength, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(options.SinkTokens, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(options.PageBudget, nameof(options));
        int length = options.ContextLength > 0 ? options.ContextLength
            : Math.Min(Math.Min(SessionOptions.DefaultContextLength, TrainedContextLength), Transformer.LargestContext);
        ObjectDisposedException.ThrowIf(Transformer.IsDisposed, this);
        bool slides = options.Overflow == ContextOverflow.KeepSinksAndRecent;
        if (slides && options.Attention.Mode != AttentionMode.Exact)
            throw new ArgumentException("attention cannot be approximate in a context that slides: choose exact "
                + "attention, or a context that stops when it is full", nameof(options));
        var policy = new SequencePolicy(slides, options.SinkTokens, options.PageBudget);
        HyperSequence? hyper = HyperOptions.Open(Transformer, options.Attention, length);
        try
        {
            return new Session(this, Transformer.OpenSequence(length, options.CacheType, policy, hyper), length,
                options.SinkTokens);
        }
        catch
        {
            hyper?.Dispose();
            throw;
        }
    }

    /// <summary>Opens a conversation that <see cref="Session.Save"/> has saved: it goes on with the very tokens, to the
    /// last bit, that would have followed then, if the model is loaded with the same options.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">Only <see cref="SessionOptions.ContextLength"/> and <see
    /// cref="SessionOptions.PageBudget"/> count, where they are not 0, and <see cref="SessionOptions.Attention"/>,
    /// where it is not exact; all else is as saved. Approximate attention that the file does not have is learnt from
    /// the cache (rounded keys) and from the first tokens, which are evaluated again.</param>
    /// <exception cref="InvalidDataException">The file is damaged, of a newer version, or of another model; the message
    /// says what was expected and what was found.</exception>
    /// <exception cref="InvalidOperationException">The conversation does not fit the context length.</exception>
    /// <exception cref="ArgumentException">Attention is to be approximate, and the saved context slides.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public Session LoadSession(string path, SessionOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfNegative(options?.ContextLength ?? 0, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(options?.PageBudget ?? 0, nameof(options));
        ObjectDisposedException.ThrowIf(Transformer.IsDisposed, this);
        using SavedSession saved = SavedSession.Open(this, path);
        options ??= new SessionOptions();
        return saved.Restore(options.ContextLength, options.PageBudget, options.Attention);
    }

    /// <summary>Bytes that the cache takes for each token of the context: keys and values of the layers that own a
    /// cache. Layers with a sliding window stop at their window.</summary>
    public long CacheBytesPerToken(CacheType type = CacheType.F16) => Transformer.CacheBytesPerToken(type);

    /// <summary>The prompt for a conversation: the model's chat template, ending with the start of an answer.</summary>
    /// <exception cref="InvalidOperationException">The model has no chat template.</exception>
    /// <exception cref="ChatTemplateException">The template refuses the conversation.</exception>
    public string FormatChat(IReadOnlyList<ChatMessage> messages)
    {
        ChatTemplate template = ChatTemplate
            ?? throw new InvalidOperationException($"{Name} has no chat template: it continues text, give it a text");
        return template.Render(messages, addGenerationPrompt: true,
            ModelText.TokenText(file.Metadata, "bos"), ModelText.TokenText(file.Metadata, "eos"));
    }

    /// <summary>Tokens of a prompt: special tokens in the text are recognised, and the ones that the metadata asks for
    /// are added unless the text already begins with them.</summary>
    public int[] Tokenize(string text) => PromptEncoder.Encode(Tokenizer, text);

    /// <inheritdoc/>
    public void Dispose()
    {
        Transformer.Dispose();
        file.Dispose();
    }

    private static long BytesOf(Linear linear) => (long)linear.Weights.Rows * linear.Weights.RowBytes;
}
