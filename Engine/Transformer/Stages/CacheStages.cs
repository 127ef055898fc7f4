using Engine.Attention;
using Engine.Attention.Hyper;
using Engine.Cache;
using Engine.Memory;
using Engine.Threading;

namespace Engine.Transformer.Stages;

/// <summary>Work on the rings of one sequence: chunk = (group, KV head).</summary>
internal abstract class RingStage(ModelConfig config) : IStage
{
    private SequenceCache? cache;

    /// <summary>Chunks of the sequence.</summary>
    public int Chunks { get; private set; }

    protected ModelConfig Config { get; } = config;

    protected void Begin(Sequence sequence)
    {
        cache = sequence.Cache;
        Chunks = 0;
        for (int group = 0; group < cache.Groups; group++) Chunks += cache.Ring(group).Shape.KvHeads;
    }

    public void Run(int chunk, int worker)
    {
        int group = 0;
        for (; chunk >= cache!.Ring(group).Shape.KvHeads; group++) chunk -= cache.Ring(group).Shape.KvHeads;
        Run(cache.Ring(group), chunk, worker);
    }

    protected abstract void Run(KvRing ring, int head, int worker);
}

/// <summary>Rotates the cached keys behind the sinks to positions that are lower by the gap; values know no position.
/// </summary>
internal sealed unsafe class ShiftStage(ForwardState state) : RingStage(state.Config), IDisposable
{
    private readonly AlignedBuffer<float> angles =
        new(Math.Max(1, state.Config.Ropes.Count) * state.AnglesPerVariant);

    /// <summary>Takes a sequence whose gap is to be closed.</summary>
    public ShiftStage For(Sequence sequence)
    {
        Begin(sequence);
        if (Config.RopePairs == RopePairs.None) return this;
        for (int variant = 0; variant < sequence.Ropes.Count; variant++)
            sequence.Ropes.Rotation(variant, -sequence.Cache.Gap, Cosines(variant), Sines(variant));
        return this;
    }

    public void Dispose() => angles.Dispose();

    protected override void Run(KvRing ring, int head, int worker)
    {
        int variant = Config.RopePairs == RopePairs.None ? -1 : Config.Layers[ring.Shape.Owner].Rope;
        if (variant < 0) return;
        for (int slot = ring.Sinks; slot < ring.Capacity; slot++)
        {
            if (ring.Positions[slot] < 0) continue;
            Rotate(ring.Type, ring.Keys(head) + slot * ring.KeyRowBytes, variant, (float*)state.Scratch(worker));
        }

        if (ring.Pages is not null)
            PageBounds.Update(state.Vector, ring, head, 0, ring.Pages.Count - 1, (float*)state.Scratch(worker));
    }

    /// <summary>Rotates a stored row; only the blocks that RoPE reaches are read and written again.</summary>
    private void Rotate(CacheType type, byte* row, int variant, float* wide)
    {
        int elements = CacheRows.PaddedElements(Config.RopeDimensions);
        float* x = type == CacheType.F32 ? (float*)row : wide;
        if (type != CacheType.F32) CacheRows.Read(state.Vector, type, row, x, elements);
        int pairs = Config.RopeDimensions / 2;
        if (Config.RopePairs == RopePairs.Interleaved)
            state.Vector.RopeInterleaved(x, Cosines(variant), Sines(variant), pairs);
        else
            state.Vector.RopeHalves(x, Cosines(variant), Sines(variant), pairs);
        if (type != CacheType.F32) CacheRows.Write(state.Vector, type, x, elements, row, elements);
    }

    private float* Cosines(int variant) => angles.Pointer + variant * state.AnglesPerVariant;

    private float* Sines(int variant) => Cosines(variant) + Config.RopeDimensions / 2;
}

/// <summary>Bounds of all pages of a sequence, after its rings were filled in another way than by steps.</summary>
internal sealed unsafe class AllPagesStage(ForwardState state) : RingStage(state.Config)
{
    /// <summary>Takes a sequence with pages.</summary>
    public AllPagesStage For(Sequence sequence)
    {
        Begin(sequence);
        return this;
    }

    protected override void Run(KvRing ring, int head, int worker) =>
        PageBounds.Update(state.Vector, ring, head, 0, ring.Pages!.Count - 1, (float*)state.Scratch(worker));
}

/// <summary>Ranks of cached keys, rounded as they are, for approximate attention that was not there when they were
/// computed. Such a cache does not slide: a position's slot is itself.</summary>
internal sealed unsafe class CachedRanksStage(ForwardState state) : RingStage(state.Config)
{
    /// <summary>Rows that are widened at once.</summary>
    private const int Rows = 8;

    private HyperSequence hyper = null!;
    private int first;

    /// <summary>Takes a sequence and the first position to be ranked.</summary>
    public CachedRanksStage For(Sequence sequence, int firstPosition)
    {
        hyper = sequence.Hyper!;
        first = firstPosition;
        Begin(sequence);
        return this;
    }

    protected override void Run(KvRing ring, int head, int worker)
    {
        int group = Config.Sharing.Group(ring.Shape.Owner);
        if (!hyper.Ranks(group)) return;
        int n = ring.Shape.KeyDimension, stride = CacheRows.PaddedElements(n);
        float* rows = (float*)state.Scratch(worker);
        for (int position = first; position <= ring.Highest; position += Rows)
        {
            int count = Math.Min(Rows, ring.Highest + 1 - position);
            for (int i = 0; i < count; i++)
            {
                CacheRows.Read(state.Vector, ring.Type, ring.Keys(head) + (position + i) * ring.KeyRowBytes,
                    rows + i * stride, n);
            }

            hyper.RankKeys(group, head, rows, stride, position, count, worker);
        }
    }
}

/// <summary>Bounds of the pages that a step has written in the layer's ring: chunk = (run, KV head).</summary>
internal sealed unsafe class PagesStage(ForwardState state) : IStage
{
    public int Chunks => state.Batch.Runs.Length * state.Layer.Config.KvHeads;

    public void Run(int chunk, int worker)
    {
        (int index, int head) = Math.DivRem(chunk, state.Layer.Config.KvHeads);
        StepBatch.Run run = state.Batch.Runs[index];
        KvRing ring = run.Sequence.Cache.Ring(state.Layer.Group);
        if (ring.Pages is null) return;
        int next = run.Sequence.Cache.NextPosition;
        PageBounds.UpdatePositions(state.Vector, ring, head, next - run.Count, next - 1,
            (float*)state.Scratch(worker));
    }
}
