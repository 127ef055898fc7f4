namespace Engine.Attention.Hyper;

// What the layers of a cache have in common, made ready before a block of queries is attended: orders, then tiles. Both
// come in pieces of work for each KV head, none where an earlier block, layer or step has left them.
internal sealed unsafe partial class HyperSequence
{
    /// <summary>Finds the orders that a block needs; returns the pieces.</summary>
    public int BeginOrders(int layer, int block) => runs.BeginOrders(shapes[layer].Group, block);

    /// <summary>Makes an order.</summary>
    public void Order(int layer, int kvHead, int piece) =>
        runs.Order(shapes[layer].Group, kvHead, piece, RanksOf(shapes[layer].Group, kvHead));

    /// <summary>Finds the tiles that a block needs, its orders being made; returns the pieces.</summary>
    public int BeginTiles(int layer, int block)
    {
        runs.EndOrders(shapes[layer].Group);
        return runs.BeginTiles(shapes[layer].Group, block);
    }

    /// <summary>Packs keys and values.</summary>
    public void Tile(in AttentionTask task, int layer, int kvHead, int piece, int worker) => runs.Tile(
        shapes[layer].Group, kvHead, piece, KeysOf(task, layer, kvHead), workers[worker].Scratch);
}
