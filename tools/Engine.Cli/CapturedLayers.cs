using Engine.Formats;
using Engine.Gguf;

namespace Engine.Cli;

/// <summary>Queries, keys and values that <see cref="LayerCapture"/> took from a model: a GGUF file with the tensors
/// <c>blk.N.q</c>, <c>blk.N.k</c> and <c>blk.N.v</c>, f32, sizes [elements, positions, heads].</summary>
internal sealed unsafe class CapturedLayers : LayerSource
{
    /// <summary>What <c>general.type</c> says.</summary>
    public const string FileType = "attention-capture";

    public const string TypeKey = "general.type", NameKey = "general.name", LayersKey = "capture.layers",
        ScaleKey = "capture.scale";

    private readonly GgufFile file;
    private readonly GgufTensor[] queries, keys, values;
    private readonly int heads, group;

    /// <summary>Opens a file.</summary>
    /// <exception cref="InvalidDataException">It is not what a capture writes; the message begins with its path.
    /// </exception>
    public CapturedLayers(string path)
    {
        file = GgufFile.Open(path);
        try
        {
            if (file.Metadata.GetString(TypeKey, null) != FileType)
                throw new InvalidDataException($"{path}: {TypeKey} is not {FileType}: this is no capture of layers");
            Name = file.Metadata.GetString(NameKey, null) ?? "captured";
            Layers = [.. (file.Metadata.GetUInt32Array(LayersKey) ?? []).Select(layer => (int)layer)];
            Scale = file.Metadata.GetSingle(ScaleKey, float.NaN);
            if (Layers.Count == 0 || !float.IsFinite(Scale))
                throw new InvalidDataException($"{path}: expected layers in {LayersKey} and a number in {ScaleKey}");
            queries = Tensors(path, "q");
            keys = Tensors(path, "k");
            values = Tensors(path, "v");
            (Length, heads) = Shape(queries[0]);
            (_, int kvHeads) = Shape(keys[0]);
            Check(path, queries, heads);
            Check(path, keys, kvHeads);
            Check(path, values, kvHeads);
            if (heads % kvHeads != 0)
                throw new InvalidDataException($"{path}: {heads} query heads do not share {kvHeads} heads of keys");
            group = heads / kvHeads;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public override string Name { get; }

    /// <summary>Layers of the model, in the order of the heads.</summary>
    public IReadOnlyList<int> Layers { get; }

    /// <summary>Heads of a layer.</summary>
    public int LayerHeads => heads;

    public override int Heads => heads * queries.Length;

    public override int Length { get; }

    public override float Scale { get; }

    public override void Fill(LayerInputs inputs, int head)
    {
        int layer = head / heads, own = head % heads;
        Copy(queries[layer], own, inputs.Queries.Slice(0, (int)inputs.Queries.Count));
        Copy(keys[layer], own / group, inputs.Keys.Slice(0, (int)inputs.Keys.Count));
        Copy(values[layer], own / group, inputs.Values.Slice(0, (int)inputs.Values.Count));
    }

    public override void Dispose() => file.Dispose();

    private static (int Length, int Heads) Shape(GgufTensor tensor)
    {
        if (tensor.Dimensions.Count != 3) return (0, 0);
        return ((int)Math.Min(int.MaxValue, tensor.Dimensions[1]), (int)Math.Min(int.MaxValue, tensor.Dimensions[2]));
    }

    private void Copy(GgufTensor tensor, int head, Span<float> destination) => new ReadOnlySpan<float>(
        (float*)tensor.Data + ((long)head * Length * LayerInputs.Dimension), destination.Length).CopyTo(destination);

    private GgufTensor[] Tensors(string path, string what) => [.. Layers.Select(layer =>
        file.TryGetTensor($"blk.{layer}.{what}", out GgufTensor? tensor) ? tensor
            : throw new InvalidDataException($"{path}: there is no tensor blk.{layer}.{what}"))];

    private void Check(string path, GgufTensor[] tensors, int count)
    {
        foreach (GgufTensor tensor in tensors)
        {
            if (tensor.Type == WeightType.F32 && !tensor.IsPacked && tensor.Dimensions.Count == 3 && count > 0
                && tensor.Dimensions[0] == LayerInputs.Dimension && Shape(tensor) == (Length, count))
                continue;
            throw new InvalidDataException($"{path}: {tensor.Name} is {tensor.Type} "
                + $"[{string.Join(", ", tensor.Dimensions)}], expected F32 "
                + $"[{LayerInputs.Dimension}, {Length}, {count}]");
        }
    }
}
