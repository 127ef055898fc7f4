namespace Engine.Attention.Hyper;

/// <summary>Which query heads of which layers are approximated.</summary>
internal sealed class HyperPolicy(bool[][] heads)
{
    /// <summary>Approximated heads.</summary>
    public int Count
    {
        get
        {
            int count = 0;
            foreach (bool[] layer in heads)
                foreach (bool head in layer) count += head ? 1 : 0;
            return count;
        }
    }

    public int Layers => heads.Length;

    /// <summary>True if another one approximates the same heads.</summary>
    public bool Same(HyperPolicy other)
    {
        if (other.Layers != Layers) return false;
        for (int layer = 0; layer < Layers; layer++)
        {
            if (other.Heads(layer) != Heads(layer)) return false;
            for (int head = 0; head < Heads(layer); head++)
                if (other.Approximates(layer, head) != Approximates(layer, head)) return false;
        }

        return true;
    }

    public int Heads(int layer) => heads[layer].Length;

    public bool Approximates(int layer, int head) => heads[layer][head];

    /// <summary>True if any head of the layer is approximated.</summary>
    public bool Approximates(int layer) => Array.IndexOf(heads[layer], true) >= 0;
}

/// <summary>What HyperAttention needs to know of a layer.</summary>
/// <param name="Heads">Query heads.</param>
/// <param name="KvHeads">Key/value heads.</param>
/// <param name="Group">Index of the cache that the layer reads.</param>
/// <param name="Owner">Layer that writes that cache.</param>
internal readonly record struct HyperShape(int Heads, int KvHeads, int Group, int Owner);
