using Engine.Attention;
using Engine.Cache;
using Engine.Threading;

namespace Engine.Transformer.Stages;

/// <summary>Attention of all rows: chunk = (tile of rows, KV head).</summary>
internal sealed unsafe class AttendStage(ForwardState state, ExactAttention kernel) : IStage
{
    public int Chunks => state.Tiles.Count * state.Layer.Config.KvHeads;

    public void Run(int chunk, int worker)
    {
        LayerWeights layer = state.Layer;
        ModelConfig config = state.Config;
        int kvHeads = layer.Config.KvHeads;
        // Later tiles of a prefill see more keys: they come first, so that the short ones fill the gaps at the end.
        (int row, int rows) = state.Tiles[state.Tiles.Count - 1 - chunk / kvHeads];
        int kvHead = chunk % kvHeads;
        int group = layer.Config.Heads / kvHeads;
        Sequence sequence = state.SequenceOf(row);
        KvRing ring = sequence.Cache.Ring(layer.Group);
        int* positions = state.Positions + row;
        ring.Visible(positions[0], positions[rows - 1], out int begin1, out int end1, out int begin2, out int end2);
        var task = new AttentionTask
        {
            Query = state.Queries(row) + kvHead * group * config.KeyDimension,
            QueryRowStride = state.QueryStride,
            QueryHeadStride = config.KeyDimension,
            Rows = rows,
            GroupHeads = group,
            Positions = positions,
            Keys = ring.Keys(kvHead),
            Values = ring.Values(kvHead),
            KeyRowBytes = ring.KeyRowBytes,
            ValueRowBytes = ring.ValueRowBytes,
            KeyType = ring.Type,
            ValueType = ring.Type,
            SlotPositions = ring.Positions,
            First = new SlotRange(begin1, end1),
            Second = new SlotRange(begin2, end2),
            KeyDimension = config.KeyDimension,
            ValueDimension = config.ValueDimension,
            Scale = config.AttentionScale,
            SoftCap = config.AttentionSoftCap,
            Window = layer.Config.Window,
            Output = state.AttentionOutput.Row(row) + kvHead * group * config.ValueDimension,
            OutputRowStride = state.AttentionOutput.ValueStride,
            OutputHeadStride = config.ValueDimension,
        };
        if (sequence.Selector is { } selector && rows == 1 && state.IsIndependent(row))
            selector.Attend(kernel, task, ring, kvHead, worker, state.Scratch(worker));
        else
            kernel.Attend(task, state.Scratch(worker));
    }
}
