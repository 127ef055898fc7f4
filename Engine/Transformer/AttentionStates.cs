using Engine.Attention;
using Engine.Memory;

namespace Engine.Transformer;

/// <summary>Memory for the states of rows after pieces of their cache, sized once from the configuration.</summary>
internal sealed unsafe class AttentionStates : IDisposable
{
    private readonly AlignedBuffer<float> buffer;
    private readonly nint workerFloats;

    public AttentionStates(ModelConfig config, int workers)
    {
        int heads = config.Layers.Max(layer => layer.Heads);
        int group = config.Layers.Max(layer => layer.Heads / Math.Max(1, layer.KvHeads));
        StateFloats = AttentionState.Floats(config.ValueDimension);
        workerFloats = (nint)2 * ForwardPass.IndependentRows * group * StateFloats;
        buffer = new AlignedBuffer<float>(((nint)RowPieces * heads * StateFloats) + (workers * workerFloats));
    }

    /// <summary>Pieces that rows may be divided into, all rows of a step together: one row of a million tokens, eight
    /// rows of 8,192. More rows than that keep the workers busy without.</summary>
    public static int RowPieces => 128;

    /// <summary>Floats of a state.</summary>
    public nint StateFloats { get; }

    /// <summary>State of a row after a piece: index = [row × pieces + piece] × heads + head.</summary>
    public float* this[nint index] => buffer.Pointer + (index * StateFloats);

    /// <summary>Room of a worker for two states of each row of a tile and head of a group.</summary>
    public float* OfWorker(int worker) => buffer.Pointer + buffer.Count - ((worker + 1) * workerFloats);

    public void Dispose() => buffer.Dispose();
}
