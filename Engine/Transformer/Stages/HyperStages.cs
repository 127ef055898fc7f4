using Engine.Attention;
using Engine.Attention.Hyper;
using Engine.Cache;
using Engine.Threading;

namespace Engine.Transformer.Stages;

/// <summary>Ranks of new keys, and what the thresholds of queries need: chunk = KV head or query head.</summary>
internal sealed unsafe class RankStage(ForwardState state) : IStage
{
    private int layer;

    /// <summary>Takes the layer whose heads these are; returns the chunks.</summary>
    public int Begin(int layerIndex)
    {
        layer = layerIndex;
        bool computed = state.Rows == state.Batch.Rows;
        foreach (ref readonly StepBatch.Run run in state.Batch.Runs)
        {
            if (run.Sequence.Hyper is { } hyper)
                hyper.ObserveLayer(layer, run.Sequence.Cache.Length - run.Count, run.Count, computed);
        }

        // Once rows are left out no layer owns a cache, so there are no keys either.
        return computed ? state.Layer.Config.KvHeads + state.Layer.Config.Heads : 0;
    }

    public void Run(int chunk, int worker)
    {
        int kvHeads = state.Layer.Config.KvHeads, size = state.Config.KeyDimension;
        bool ofKeys = chunk < kvHeads;
        if (ofKeys && state.Layer.Key is null) return;
        foreach (ref readonly StepBatch.Run run in state.Batch.Runs)
        {
            if (run.Sequence.Hyper is not { } hyper) continue;
            int position = state.Positions[run.First];
            if (ofKeys)
                hyper.RankKeys(state.Layer.Group, chunk, state.Keys(run.First) + (chunk * size), state.KeyStride,
                    position, run.Count, worker);
            else
                hyper.ObserveQueries(layer, chunk - kvHeads, state.Queries(run.First) + ((chunk - kvHeads) * size),
                    state.QueryStride, position, run.Count, worker);
        }
    }
}

/// <summary>Approximate attention of the rows that are far enough into a long sequence, block of queries after block:
/// first what its layers share of the keys before it, orders and then tiles, then the block itself. Chunk = (piece of
/// that, KV head).</summary>
internal sealed unsafe class HyperAttendStage : IStage
{
    private readonly ForwardState state;
    private readonly int workers;
    private readonly AttentionTiles tiles;
    private readonly Func<int, int, bool> take;
    private int layer, first, end;
    private Part part;

    public HyperAttendStage(ForwardState state, int workers)
    {
        this.state = state;
        this.workers = workers;
        tiles = new AttentionTiles(state.BatchRows);
        take = Take;
    }

    private enum Part
    {
        Orders,
        Tiles,
        Rows,
    }

    /// <summary>Chunks of the part that is to run.</summary>
    public int Chunks { get; private set; }

    /// <summary>Finds the rows of a layer that are approximated; the others stay in <see cref="ForwardState.Tiles"/>.
    /// </summary>
    public void Plan(int layerIndex)
    {
        layer = layerIndex;
        tiles.Clear();
        state.CutTiles(take);
        first = end = 0;
        part = Part.Rows;
    }

    /// <summary>Goes on to the next part, whose <see cref="Chunks"/> are to be run; false if all are done.</summary>
    public bool MoveNext()
    {
        if (part == Part.Rows)
        {
            first = end;
            if (first == tiles.Count) return false;
            while (end < tiles.Count && Follows(end)) end++;
        }

        part = part == Part.Rows ? Part.Orders : part + 1;
        HyperSequence hyper = state.SequenceOf(tiles[first].First).Hyper!;
        int pieces = part switch
        {
            Part.Orders => hyper.BeginOrders(layer, Block(first)),
            Part.Tiles => hyper.BeginTiles(layer, Block(first)),
            _ => end - first,
        };
        Chunks = pieces * state.Layer.Config.KvHeads;
        return true;
    }

    public void Run(int chunk, int worker)
    {
        (int piece, int kvHead) = Math.DivRem(chunk, state.Layer.Config.KvHeads);
        (int row, int rows, _) = tiles[part == Part.Rows ? first + piece : first];
        HyperSequence hyper = state.SequenceOf(row).Hyper!;
        switch (part)
        {
            case Part.Orders: hyper.Order(layer, kvHead, piece); break;
            case Part.Tiles: hyper.Tile(Task(row, rows, kvHead), layer, kvHead, piece, worker); break;
            default: hyper.Attend(Task(row, rows, kvHead), layer, kvHead, worker, state.Scratch(worker)); break;
        }
    }

    private int Block(int tile)
    {
        int row = tiles[tile].First;
        return state.Positions[row] / state.SequenceOf(row).Hyper!.Settings.Leaf;
    }

    /// <summary>True if a tile is of the same block as the first one.</summary>
    private bool Follows(int tile) =>
        state.SequenceOf(tiles[tile].First) == state.SequenceOf(tiles[first].First) && Block(tile) == Block(first);

    /// <summary>Cuts the rows [first, end) of one sequence into blocks, each exact or approximate for what its position
    /// is: no matter how many come at once. Rows one by one, as in decode, are exact.</summary>
    private bool Take(int first, int end)
    {
        int firstPosition = state.Positions[first], lastPosition = state.Positions[end - 1];
        if (state.SequenceOf(first).Hyper is not { } hyper || end - first <= ForwardPass.IndependentRows
            || lastPosition - firstPosition != end - 1 - first || !hyper.Applies(layer, lastPosition))
            return false;
        int leaf = hyper.Settings.Leaf;
        for (int row = first; row < end;)
        {
            int position = state.Positions[row];
            int blockEnd = Math.Min(end, row + leaf - (position % leaf));
            if (hyper.Approximates(position / leaf)) AddTiles(hyper, row, blockEnd);
            else state.Tiles.Add(row, blockEnd - row, state.RowTile, alone: false);
            row = blockEnd;
        }

        return true;
    }

    /// <summary>Rows of a block go together, as they share packed keys, but each worker should have some.</summary>
    private void AddTiles(HyperSequence hyper, int row, int end)
    {
        int kvHeads = state.Layer.Config.KvHeads, tile = hyper.RowTile, leaf = hyper.Settings.Leaf;
        int parts = workers == 1 ? 1 : ((2 * workers) + kvHeads - 1) / kvHeads;
        int size = Math.Min((leaf + (parts * tile) - 1) / (parts * tile) * tile, hyper.RowsPerTask);
        while (row < end)
        {
            int place = state.Positions[row] % leaf;
            int count = Math.Min(end - row, size - (place % size));
            tiles.Add(row, count, count, alone: false);
            row += count;
        }
    }

    private AttentionTask Task(int row, int rows, int kvHead)
    {
        ModelConfig config = state.Config;
        LayerConfig shape = state.Layer.Config;
        int group = shape.Heads / shape.KvHeads;
        KvRing ring = state.SequenceOf(row).Cache.Ring(state.Layer.Group);
        return new AttentionTask
        {
            Query = state.Queries(row) + (kvHead * group * config.KeyDimension),
            QueryRowStride = state.QueryStride,
            QueryHeadStride = config.KeyDimension,
            Rows = rows,
            GroupHeads = group,
            Positions = state.Positions + row,
            Keys = ring.Keys(kvHead),
            Values = ring.Values(kvHead),
            KeyRowBytes = ring.KeyRowBytes,
            ValueRowBytes = ring.ValueRowBytes,
            KeyType = ring.Type,
            ValueType = ring.Type,
            SlotPositions = ring.Positions,
            First = new SlotRange(0, state.Positions[row + rows - 1] + 1),
            KeyDimension = config.KeyDimension,
            ValueDimension = config.ValueDimension,
            Scale = config.AttentionScale,
            SoftCap = config.AttentionSoftCap,
            Output = state.AttentionOutput.Row(row) + (kvHead * group * config.ValueDimension),
            OutputRowStride = state.AttentionOutput.ValueStride,
            OutputHeadStride = config.ValueDimension,
        };
    }
}
