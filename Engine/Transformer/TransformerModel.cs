using Engine.Attention;
using Engine.Attention.Hyper;
using Engine.Cache;
using Engine.Gguf;
using Engine.Isa;
using Engine.Kernels;
using Engine.Threading;
using Engine.Transformer.Architectures;

namespace Engine.Transformer;

/// <summary>A model ready to run: configuration, bound weights, kernels and threads. Shared by its sequences; one step
/// at a time (<see cref="Gate"/>).</summary>
internal sealed class TransformerModel : IDisposable
{
    private readonly GgufFile file;
    private readonly WorkerTeam team;

    private TransformerModel(GgufFile file, ModelConfig config, ModelWeights weights, KernelSet kernels, int threads,
        int batchRows)
    {
        this.file = file;
        Config = config;
        Weights = weights;
        Kernels = kernels;
        team = new WorkerTeam(threads);
        try
        {
            Forward = new ForwardPass(config, weights, kernels, team, batchRows);
        }
        catch
        {
            // Threads are not collected as memory is.
            team.Dispose();
            throw;
        }
    }

    public ModelConfig Config { get; }

    public ModelWeights Weights { get; }

    public KernelSet Kernels { get; }

    public ForwardPass Forward { get; }

    public int Threads => team.Workers;

    /// <summary>True once the memory is given back; read under <see cref="Gate"/>.</summary>
    public bool IsDisposed { get; private set; }

    /// <summary>Held by whoever runs a step and reads its logits.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Longest context that a sequence may have.</summary>
    /// <remarks>Learned positions end with their table; RoPE goes on, at the caller's risk, beyond what was trained.
    /// </remarks>
    public int LargestContext => Weights.PositionEmbedding?.Rows ?? 1 << 24;

    /// <summary>Binds an opened file; the model does not own it.</summary>
    /// <param name="file">The file.</param>
    /// <param name="isa">Instruction set of the kernels.</param>
    /// <param name="threads">Threads that compute.</param>
    /// <param name="batchRows">Most rows of a step.</param>
    /// <param name="pack">True to pack the weights if that pays.</param>
    /// <param name="progress">Receives the bytes packed, and all that will be; null = none.</param>
    /// <exception cref="ModelFormatException">Unknown architecture, wrong keys, missing or misshapen tensors.
    /// </exception>
    public static TransformerModel Load(GgufFile file, InstructionSet isa, int threads, int batchRows,
        bool pack = false, Action<long, long>? progress = null)
    {
        KernelSet kernels = KernelSet.For(isa);
        ModelConfig config = ArchitectureRegistry.Read(file.Metadata);
        int head = Math.Max(config.KeyDimension, config.ValueDimension);
        if (head > ExactAttention.LargestHeadDimension)
            throw new ModelFormatException(
                $"heads have {head} elements; at most {ExactAttention.LargestHeadDimension} are supported");
        PackedWeights? packed = pack ? PackedWeights.TryCreate(file, config, threads, progress) : null;
        var weights = new ModelWeights(file, config, kernels, packed);
        try
        {
            return new TransformerModel(file, config, weights, kernels, threads, batchRows);
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>Cache bytes per token: sum over owners of KV heads · (key + value row).</summary>
    public long CacheBytesPerToken(CacheType type) => Config.CacheShapes.Sum(shape => CacheBytesPerToken(shape, type));

    /// <summary>The same of one cache.</summary>
    public static long CacheBytesPerToken(CacheShape shape, CacheType type) =>
        shape.KvHeads * (HeadBytes(type, shape.KeyDimension) + HeadBytes(type, shape.ValueDimension));

    /// <summary>Opens a sequence: reserves its rings. It owns what approximate attention needs, if that is given.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The model has no positions for so many tokens.</exception>
    /// <exception cref="InvalidOperationException">It is to slide, and the model's positions cannot be moved.
    /// </exception>
    public Sequence OpenSequence(int contextLength, CacheType type, SequencePolicy policy = default,
        HyperSequence? hyper = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(contextLength, 1);
        if (contextLength > LargestContext)
            throw new ArgumentOutOfRangeException(nameof(contextLength),
                $"the model has positions for {LargestContext} tokens, asked were {contextLength}");
        if (policy.Slides && Weights.PositionEmbedding is not null)
            throw new InvalidOperationException("the context cannot slide: this model learned an embedding for each "
                + "position, so what is cached cannot be moved to another one");
        int sinks = Math.Min(policy.Sinks, (contextLength - 1) / 2);
        var rings = new List<KvRing>();
        try
        {
            foreach (CacheShape shape in Config.CacheShapes)
                rings.Add(OpenRing(shape, contextLength, type, policy.Slides ? sinks : 0, policy.PageBudget > 0));
        }
        catch
        {
            foreach (KvRing ring in rings) ring.Dispose();
            throw;
        }

        var cache = new SequenceCache([.. rings], contextLength)
        {
            Slides = policy.Slides,
            PositionLimit = Math.Max(contextLength, TrainedPositions(contextLength)),
        };
        return new Sequence(cache, new RopeVariants(Config, Weights, contextLength),
            policy.PageBudget > 0 ? new PageSelector(Kernels.Vector, policy.PageBudget, sinks, contextLength, Threads)
                : null, hyper);
    }

    /// <summary>Gives approximate attention what it would know had it been there when the cache was filled: queries and
    /// keys before the leaf are computed again, the other keys are ranked as they are cached. The caller holds the
    /// gate.</summary>
    public void LearnRanks(Sequence sequence, ReadOnlySpan<int> tokens)
    {
        HyperSequence hyper = sequence.Hyper!;
        int early = Math.Min(hyper.Settings.Leaf, tokens.Length);
        if (early > 0)
        {
            using Sequence room = OpenSequence(early, sequence.Cache.Ring(0).Type);
            // Only the room is disposed of.
            var again = new Sequence(room.Cache, sequence.Ropes, hyper: hyper);
            var batch = new StepBatch(Forward.BatchRows);
            for (int done = 0; done < early; done += batch.Capacity)
            {
                batch.Clear();
                int count = Math.Min(batch.Capacity, early - done);
                batch.Add(again, tokens.Slice(done, count), WantedLogits.All);
                Forward.Run(batch);
            }
        }

        Forward.RankCache(sequence, early);
        hyper.EndLearning(tokens.Length);
    }

    private KvRing OpenRing(CacheShape shape, int contextLength, CacheType type, int sinks, bool pages)
    {
        // A whole batch is written before attention reads, so a window needs its rows besides.
        int capacity = shape.Window > 0
            ? (int)Math.Min(contextLength, sinks + shape.Window - 1L + Forward.BatchRows) : contextLength;
        KvPages? bounds = pages ? new KvPages(shape.KvHeads, capacity, shape.KeyDimension) : null;
        try
        {
            return new KvRing(shape, capacity, type, CacheRows.RowBytes(type, shape.KeyDimension),
                CacheRows.RowBytes(type, shape.ValueDimension), sinks) { Pages = bounds };
        }
        catch
        {
            bounds?.Dispose();
            throw;
        }
    }

    /// <summary>Positions that the model was trained for, with the RoPE factors of the opened context.</summary>
    private int TrainedPositions(int contextLength)
    {
        int positions = Config.TrainedContext;
        if (!Weights.HasLongRope) return positions;
        foreach (RopeParameters rope in Config.Ropes)
            if (rope.UsesFactors && contextLength <= rope.OriginalContext)
                positions = Math.Min(positions, rope.OriginalContext);
        return positions;
    }

    /// <summary>Makes room in a full cache: gives up the oldest tokens behind the sinks, and re-assigns the positions
    /// of those that follow when they would leave what the model was trained for. The caller holds the gate.</summary>
    /// <returns>Tokens that were given up.</returns>
    public int Slide(Sequence sequence)
    {
        SequenceCache cache = sequence.Cache;
        int count = cache.SlideStep;
        cache.Evict(count);
        if (cache.MustCloseGap) Forward.CloseGap(sequence);
        return count;
    }

    private static long HeadBytes(CacheType type, long dimension) => type switch
    {
        CacheType.F32 => dimension * sizeof(float),
        CacheType.F16 => dimension * sizeof(ushort),
        _ => (dimension + CacheRows.BlockElements - 1) / CacheRows.BlockElements * CacheRows.Q8BlockBytes,
    };

    /// <summary>Waits for the step that runs, if any; later ones are refused with
    /// <see cref="ObjectDisposedException"/>.</summary>
    /// <exception cref="InvalidOperationException">Called from inside a step, by a consumer of its logits.</exception>
    public void Dispose()
    {
        if (Gate.IsHeldByCurrentThread)
            throw new InvalidOperationException("a model cannot be disposed by a consumer of its logits");
        lock (Gate)
        {
            IsDisposed = true;
            team.Dispose();
            Forward.Dispose();
            Weights.Dispose();
            GC.KeepAlive(file);
        }
    }
}
