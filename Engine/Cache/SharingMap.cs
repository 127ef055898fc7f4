namespace Engine.Cache;

/// <summary>Which layer's cache each layer reads (Cross-Layer Attention, arXiv 2405.12981); sharing factor 1 is the
/// ordinary transformer.</summary>
internal sealed class SharingMap
{
    private readonly int[] owners;
    private readonly int[] groups;

    private SharingMap(int[] owners, string source)
    {
        this.owners = owners;
        Source = source;
        groups = new int[owners.Length];
        OwnerLayers = [.. Enumerable.Range(0, owners.Length).Where(layer => owners[layer] == layer)];
        for (int layer = 0; layer < owners.Length; layer++) groups[layer] = Array.IndexOf(OwnerLayers, owners[layer]);
    }

    /// <summary>What the map comes from: a metadata key, or "none".</summary>
    public string Source { get; }

    /// <summary>The owners in layer order; group g is the ring of OwnerLayers[g].</summary>
    public int[] OwnerLayers { get; }

    /// <summary>Number of layers.</summary>
    public int Layers => owners.Length;

    /// <summary>The layer whose cache this layer reads; itself for an owner.</summary>
    public int Owner(int layer) => owners[layer];

    /// <summary>The group (ring) of a layer.</summary>
    public int Group(int layer) => groups[layer];

    /// <summary>True if the layer writes the ring of its group.</summary>
    public bool IsOwner(int layer) => owners[layer] == layer;

    /// <summary>Every layer for itself.</summary>
    public static SharingMap None(int layers) => new([.. Enumerable.Range(0, layers)], "none");

    /// <summary>An explicit map: entry i is the layer whose cache layer i reads.</summary>
    /// <exception cref="ModelFormatException">An entry points forward, to a borrower, or the length is wrong.
    /// </exception>
    public static SharingMap FromMap(string key, uint[] map, int layers)
    {
        if (map.Length != layers)
            throw new ModelFormatException($"{key}: expected {layers} entries, one a layer, found {map.Length}");
        for (int layer = 0; layer < layers; layer++)
        {
            if (map[layer] > layer)
                throw new ModelFormatException(
                    $"{key}[{layer}]: expected a layer up to {layer}, found {map[layer]} (a layer can only read a cache"
                    + " that is already written)");
            if (map[map[layer]] != map[layer])
                throw new ModelFormatException(
                    $"{key}[{layer}]: expected an owner, found layer {map[layer]}, which itself reads layer "
                    + $"{map[map[layer]]}");
        }

        return new SharingMap([.. map.Select(owner => (int)owner)], key);
    }

    /// <summary>owner(i) = i − i mod factor, the short group last.</summary>
    public static SharingMap FromFactor(string key, int factor, int layers) =>
        new([.. Enumerable.Range(0, layers).Select(layer => layer - layer % factor)], key);

    /// <summary>The last <paramref name="shared"/> layers read the last owner of their own type (window or full).
    /// </summary>
    public static SharingMap FromTrailing(string key, int shared, IReadOnlyList<int> windows)
    {
        int layers = windows.Count;
        if (shared >= layers)
            throw new ModelFormatException($"{key}: expected fewer than the {layers} layers, found {shared}");
        int first = layers - shared;
        int[] owners = [.. Enumerable.Range(0, layers)];
        for (int layer = first; layer < layers; layer++)
        {
            int owner = first - 1;
            while (owner >= 0 && windows[owner] > 0 != windows[layer] > 0) owner--;
            if (owner < 0)
                throw new ModelFormatException(
                    $"{key}: layer {layer} ({(windows[layer] > 0 ? "sliding window" : "full context")}) has no owner of"
                    + $" its type before layer {first}");
            owners[layer] = owner;
        }

        return new SharingMap(owners, key);
    }
}
