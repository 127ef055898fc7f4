using System.Runtime.InteropServices;
using Engine.Cache;
using Engine.Transformer;

namespace Engine;

/// <summary>A saved conversation whose file was checked and read up to the caches.</summary>
/// <remarks>Layout behind the preamble: architecture, name, fingerprint of the model; context length, cache type,
/// slides, sinks, page budget, tokens, evaluated tokens, gap, has logits; tokens that were given up and their digest;
/// token ids; logits if any; note; number of caches, and each (<see cref="SavedRing"/>). Version 2 has the options of
/// approximate attention behind the note, and what it has learnt behind the caches.</remarks>
internal sealed class SavedSession : IDisposable
{
    private readonly LanguageModel model;
    private readonly SessionFileReader reader;

    private SavedSession(LanguageModel model, SessionFileReader reader)
    {
        this.model = model;
        this.reader = reader;
        CheckModel();
        int longest = model.Transformer.LargestContext;
        ContextLength = reader.Int32("context length", 1, longest);
        Type = (CacheType)reader.Int32("cache type", (int)CacheType.F32, (int)CacheType.Q8_0);
        Slides = reader.Int32("overflow", 0, 1) == 1;
        SinkTokens = reader.Int32("sink tokens", 0, int.MaxValue);
        PageBudget = reader.Int32("page budget", 0, int.MaxValue);
        int length = reader.Int32("tokens", 0, ContextLength);
        Evaluated = reader.Int32("evaluated tokens", 0, length);
        Gap = reader.Int32("gap", 0, Slides ? longest : 0);
        if (Gap > 0 && Evaluated <= SinksOf(ContextLength))
            throw reader.Error("evaluated tokens", $"more than the {SinksOf(ContextLength)} before the gap",
                $"{Evaluated}");
        bool hasLogits = reader.Int32("logits", 0, Evaluated == length && length > 0 ? 1 : 0) == 1;
        ulong given = reader.UInt64();
        if (given > (Slides ? long.MaxValue : 0UL) || given < (ulong)Gap)
            throw reader.Error("tokens given up", $"at least the gap of {Gap}", $"{given}");
        DroppedTokens = (long)given;
        Dropped = new TokenDigest(reader.UInt64(), reader.UInt64());
        Tokens = ReadTokens(length);
        if (hasLogits) Logits = ReadLogits();
        bool hasNote = reader.Int32("note", 0, 1) == 1;
        string note = reader.Text("note");
        Note = hasNote ? note : null;
        if (reader.Version == SessionFileWriter.ApproximateVersion)
        {
            if (Slides) throw reader.Error("overflow", "a context that stops, as attention is approximate", "slides");
            Attention = SavedAttention.Read(reader, model.Transformer.Config);
        }
    }

    public int ContextLength { get; }

    public CacheType Type { get; }

    public bool Slides { get; }

    public int SinkTokens { get; }

    public int PageBudget { get; }

    /// <summary>Tokens that are in the caches.</summary>
    public int Evaluated { get; }

    public int Gap { get; }

    public long DroppedTokens { get; }

    public TokenDigest Dropped { get; }

    public int[] Tokens { get; }

    public float[]? Logits { get; }

    public string? Note { get; }

    /// <summary>How attention is approximate, and that its ranks are behind the caches; null = it is exact.</summary>
    public AttentionOptions? Attention { get; }

    /// <summary>Opens a file and checks that it belongs to the model.</summary>
    /// <exception cref="InvalidDataException">It is damaged, of another version, or of another model.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static SavedSession Open(LanguageModel model, string path)
    {
        SessionFileReader reader = SessionFileReader.Open(path);
        try
        {
            return new SavedSession(model, reader);
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>Opens a session that goes on where this one was saved; can be done once.</summary>
    /// <param name="contextLength">0 = as saved.</param>
    /// <param name="pageBudget">0 = as saved.</param>
    /// <param name="attention">Exact = as saved. What the file does not have of another choice is computed anew: ranks
    /// of the cached keys, and queries up to the leaf.</param>
    /// <exception cref="ArgumentException">Attention is to be approximate in a context that slides.</exception>
    /// <exception cref="InvalidDataException">The caches do not fit the model.</exception>
    /// <exception cref="InvalidOperationException">The tokens do not fit the context length.</exception>
    public Session Restore(int contextLength, int pageBudget, AttentionOptions attention)
    {
        int context = contextLength > 0 ? contextLength : OwnContext();
        if (Tokens.Length > context)
            throw new InvalidOperationException(
                $"the saved session has {Tokens.Length} tokens, the context only {context}");
        int sinks = SinksOf(context), before = SinksOf(ContextLength);
        if (DroppedTokens > 0 && sinks != before)
            throw new InvalidOperationException($"the saved session has slid over its first {before} tokens; a context "
                + $"of {context} would keep {sinks}");
        TransformerModel transformer = model.Transformer;
        var saved = new RopeVariants(transformer.Config, transformer.Weights, ContextLength);
        if (!saved.SameFor(new RopeVariants(transformer.Config, transformer.Weights, context)))
            throw new InvalidOperationException($"the session was saved with a context of {ContextLength}, and this "
                + $"model turns its keys in another way with {context}");
        Session session = model.CreateSession(new SessionOptions
        {
            ContextLength = context,
            CacheType = Type,
            Overflow = Slides ? ContextOverflow.KeepSinksAndRecent : ContextOverflow.Stop,
            SinkTokens = SinkTokens,
            PageBudget = pageBudget > 0 ? pageBudget : PageBudget,
            Attention = attention.Mode == AttentionMode.Exact && Attention is not null ? Attention : attention,
        });
        try
        {
            session.Restore(reader, this);
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    public void Dispose() => reader.Dispose();

    /// <summary>A file alone must not decide to reserve more than an ordinary session would.</summary>
    private int OwnContext()
    {
        int usual = Math.Max(model.TrainedContextLength, SessionOptions.DefaultContextLength);
        return ContextLength <= usual ? ContextLength : throw new InvalidOperationException(
            $"the session was saved with a context of {ContextLength} tokens, the model was trained for "
            + $"{model.TrainedContextLength}: state the context length to open it");
    }

    private int SinksOf(int context) => Slides ? Math.Min(SinkTokens, (context - 1) / 2) : 0;

    private void CheckModel()
    {
        string architecture = reader.Text("architecture"), name = reader.Text("model");
        if (architecture != model.Architecture)
            throw reader.Error("architecture", model.Architecture, architecture);
        if (name != model.Name) throw reader.Error("model", model.Name, name);
        var found = new UInt128(reader.UInt64(), reader.UInt64());
        if (found != model.Fingerprint)
            throw reader.Error("fingerprint of the model", $"{model.Fingerprint:X32}",
                $"{found:X32}: a session of another file of this name");
    }

    private int[] ReadTokens(int length)
    {
        if (length > reader.Remaining / sizeof(int))
            throw reader.Error("tokens", $"{length} ids", $"{reader.Remaining} bytes");
        var ids = new int[length];
        reader.Bytes(MemoryMarshal.AsBytes(ids.AsSpan()));
        foreach (int id in ids)
            if ((uint)id >= (uint)model.VocabularySize)
                throw reader.Error("tokens", $"ids below {model.VocabularySize}", $"{id}");
        return ids;
    }

    private float[] ReadLogits()
    {
        var values = new float[model.VocabularySize];
        reader.Bytes(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}
