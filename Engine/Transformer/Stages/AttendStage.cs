using Engine.Attention;
using Engine.Cache;
using Engine.Threading;

namespace Engine.Transformer.Stages;

/// <summary>Attention of all rows: chunk = (tile of rows, piece of its cache, KV head).</summary>
/// <remarks>Tiles whose rows are independent go through the cache piece by piece (<see cref="AttentionPieces"/>), and
/// the states are merged in the order of the pieces: by the next stage where different workers computed them, else at
/// once, with the same bits.</remarks>
internal sealed unsafe class AttendStage(ForwardState state, ExactAttention kernel) : IStage
{
    private readonly TilePlan[] plans = new TilePlan[state.BatchRows];
    private readonly int[] planOfRow = new int[state.BatchRows];
    private int planned;

    /// <summary>Divides the attention of the current layer.</summary>
    /// <returns>Chunks.</returns>
    public int Plan()
    {
        int kvHeads = state.Layer.Config.KvHeads, heads = state.Layer.Config.Heads;
        int chunks = 0, rowPieces = 0;
        planned = state.Tiles.Count;
        // Rows that are approximated are in no tile.
        planOfRow.AsSpan(0, state.Rows).Fill(-1);
        for (int i = 0; i < planned; i++)
        {
            // Later tiles of a prefill see more keys: they come first, so that the short ones fill the gaps at the end.
            AttentionTile tile = state.Tiles[planned - 1 - i];
            int pieces = 1;
            if (tile.Alone && state.SequenceOf(tile.First).Selector is null)
            {
                (SlotRange first, SlotRange second) = Visible(tile);
                pieces = AttentionPieces.Count(Math.Max(first.End, second.End));
            }

            int states = tile.Count * pieces;
            bool divides = pieces > 1 && rowPieces + states <= AttentionStates.RowPieces;
            plans[i] = new TilePlan(tile, chunks, pieces, divides ? rowPieces * heads : -1);
            planOfRow.AsSpan(tile.First, tile.Count).Fill(i);
            chunks += kvHeads * (divides ? pieces : 1);
            rowPieces += divides ? states : 0;
        }

        return chunks;
    }

    public void Run(int chunk, int worker)
    {
        ref readonly TilePlan plan = ref plans[Find(chunk)];
        (int piece, int kvHead) = Math.DivRem(chunk - plan.FirstChunk, state.Layer.Config.KvHeads);
        AttentionTask task = Task(plan.Tile, kvHead);
        if (plan.Tile.Alone && state.SequenceOf(plan.Tile.First).Selector is { } selector)
        {
            Select(selector, plan.Tile, kvHead, worker);
        }
        else if (!plan.Tile.Alone)
        {
            kernel.Attend(task, state.Scratch(worker));
        }
        else if (plan.FirstState >= 0)
        {
            AttendPiece(task, piece, States(plan, piece, kvHead), worker);
        }
        else
        {
            // The first half of the worker's room sums up, the second receives one piece after another.
            float* sum = state.AttentionStates.OfWorker(worker);
            nint floats = task.Rows * task.GroupHeads * state.AttentionStates.StateFloats;
            for (int i = 0; i < plan.Pieces; i++)
            {
                AttendPiece(task, i, i == 0 ? sum : sum + floats, worker);
                if (i > 0) kernel.Add(task, sum, sum + floats);
            }

            kernel.Merge(task, sum, 0, 1);
        }
    }

    /// <summary>Completes the output of a row whose pieces several workers may have computed.</summary>
    public void Merge(int row)
    {
        if (planOfRow[row] < 0) return;
        ref readonly TilePlan plan = ref plans[planOfRow[row]];
        if (plan.FirstState < 0) return;
        LayerConfig layer = state.Layer.Config;
        int group = layer.Heads / layer.KvHeads;
        nint pieceFloats = plan.Tile.Count * layer.Heads * state.AttentionStates.StateFloats;
        for (int kvHead = 0; kvHead < layer.KvHeads; kvHead++)
        {
            AttentionTask task = Task(new AttentionTile(row, 1, Alone: true), kvHead);
            float* states = States(plan, 0, kvHead)
                + ((row - plan.Tile.First) * group * state.AttentionStates.StateFloats);
            kernel.Merge(task, states, pieceFloats, plan.Pieces);
        }
    }

    /// <summary>Each row chooses its pages for itself.</summary>
    private void Select(PageSelector selector, AttentionTile tile, int kvHead, int worker)
    {
        KvRing ring = state.SequenceOf(tile.First).Cache.Ring(state.Layer.Group);
        for (int row = tile.First; row < tile.First + tile.Count; row++)
            selector.Attend(kernel, Task(new AttentionTile(row, 1, Alone: true), kvHead), ring, kvHead, worker,
                state.Scratch(worker));
    }

    private void AttendPiece(AttentionTask task, int piece, float* states, int worker)
    {
        task.First = AttentionPieces.Within(piece, task.First, task.Second);
        task.Second = default;
        kernel.AttendPiece(task, states, state.Scratch(worker));
    }

    /// <summary>States of a tile's rows after a piece: [row][head of the group].</summary>
    private float* States(in TilePlan plan, int piece, int kvHead)
    {
        LayerConfig layer = state.Layer.Config;
        int group = layer.Heads / layer.KvHeads;
        return state.AttentionStates[plan.FirstState + (((piece * layer.KvHeads) + kvHead) * plan.Tile.Count * group)];
    }

    private int Find(int chunk)
    {
        int low = 0, high = planned - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (plans[middle].FirstChunk <= chunk) low = middle;
            else high = middle - 1;
        }

        return low;
    }

    private (SlotRange First, SlotRange Second) Visible(AttentionTile tile)
    {
        int* positions = state.Positions + tile.First;
        state.SequenceOf(tile.First).Cache.Ring(state.Layer.Group).Visible(positions[0], positions[tile.Count - 1],
            out int begin1, out int end1, out int begin2, out int end2);
        return (new SlotRange(begin1, end1), new SlotRange(begin2, end2));
    }

    private AttentionTask Task(AttentionTile tile, int kvHead)
    {
        LayerWeights layer = state.Layer;
        ModelConfig config = state.Config;
        int group = layer.Config.Heads / layer.Config.KvHeads;
        KvRing ring = state.SequenceOf(tile.First).Cache.Ring(layer.Group);
        (SlotRange first, SlotRange second) = Visible(tile);
        return new AttentionTask
        {
            Query = state.Queries(tile.First) + kvHead * group * config.KeyDimension,
            QueryRowStride = state.QueryStride,
            QueryHeadStride = config.KeyDimension,
            Rows = tile.Count,
            GroupHeads = group,
            Positions = state.Positions + tile.First,
            Keys = ring.Keys(kvHead),
            Values = ring.Values(kvHead),
            KeyRowBytes = ring.KeyRowBytes,
            ValueRowBytes = ring.ValueRowBytes,
            KeyType = ring.Type,
            ValueType = ring.Type,
            SlotPositions = ring.Positions,
            First = first,
            Second = second,
            KeyDimension = config.KeyDimension,
            ValueDimension = config.ValueDimension,
            Scale = config.AttentionScale,
            SoftCap = config.AttentionSoftCap,
            Window = layer.Config.Window,
            Output = state.AttentionOutput.Row(tile.First) + kvHead * group * config.ValueDimension,
            OutputRowStride = state.AttentionOutput.ValueStride,
            OutputHeadStride = config.ValueDimension,
        };
    }

    /// <summary>How a tile is divided.</summary>
    /// <param name="Tile">Its rows.</param>
    /// <param name="FirstChunk">Its first chunk.</param>
    /// <param name="Pieces">Pieces of its cache.</param>
    /// <param name="FirstState">Where its states begin; −1 = each KV head is one chunk.</param>
    private readonly record struct TilePlan(AttentionTile Tile, int FirstChunk, int Pieces, int FirstState);
}
