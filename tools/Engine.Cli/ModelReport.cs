using System.Globalization;
using System.Text.Json;
using Engine.Cache;
using Engine.Gguf;
using Engine.Transformer;
using Engine.Transformer.Architectures;

namespace Engine.Cli;

/// <summary>What <c>engine info</c> tells.</summary>
internal sealed class ModelReport
{
    private readonly GgufFile file;
    private readonly ModelConfig? config;
    private readonly CacheType cacheType;
    private readonly int context;
    private readonly List<CacheGroup> groups = [];

    public ModelReport(GgufFile file, int context, CacheType cacheType)
    {
        this.file = file;
        this.cacheType = cacheType;
        try
        {
            config = ArchitectureRegistry.Read(file.Metadata);
        }
        catch (ModelFormatException problem)
        {
            Problem = problem;
            return;
        }

        this.context = context > 0 ? context : Math.Min(config.TrainedContext, SessionOptions.DefaultContextLength);
        foreach (CacheShape shape in config.CacheShapes)
            groups.Add(new CacheGroup(shape, [.. Enumerable.Range(0, config.Layers.Length)
                .Where(layer => config.Sharing.Owner(layer) == shape.Owner)], cacheType));
    }

    /// <summary>Why the model cannot be run; null if the metadata tells of nothing.</summary>
    public ModelFormatException? Problem { get; }

    private long Parameters => file.Tensors.Sum(tensor => tensor.ElementCount);

    private long CacheBytesPerToken => groups.Sum(group => group.BytesPerToken);

    private long CacheBytes => groups.Sum(group => group.BytesPerToken * group.Positions(context));

    public void WriteText(TextWriter output, bool allTensors)
    {
        output.WriteLine("Metadata");
        foreach (string key in file.Metadata.Keys)
            output.WriteLine($"  {key}: {MetadataText.Describe(file.Metadata, key)}");
        output.WriteLine();
        output.WriteLine(Invariant(
            $"Tensors: {file.Tensors.Count}, {Parameters / 1e6:F1} M parameters, file of {file.Bytes / 1e6:F1} MB"));
        foreach (IGrouping<string, GgufTensor> type in ByType())
            output.WriteLine(Invariant($"  {type.Key}: {type.Count()} tensors, {type.Sum(t => t.Bytes) / 1e6:F1} MB"));
        if (allTensors)
            foreach (GgufTensor tensor in file.Tensors)
                output.WriteLine($"  {tensor.Name}: {TypeOf(tensor)} [{string.Join(", ", tensor.Dimensions)}]");
        if (config is null) return;
        output.WriteLine();
        WriteSharing(output, config);
        output.WriteLine();
        output.WriteLine(Invariant($"Memory: weights {file.Bytes / 1e6:F1} MB, mapped from the file"));
        output.WriteLine(Invariant($"  cache of {Name(cacheType)}: {CacheBytesPerToken} bytes per token"));
        output.WriteLine(Invariant(
            $"  {CacheBytes / 1e6:F1} MB for a context of {context} (trained for {config.TrainedContext})"));
    }

    public void WriteJson(Utf8JsonWriter writer)
    {
        writer.WriteString("name", file.Metadata.GetString("general.name", null));
        writer.WriteString("architecture", file.Metadata.GetString("general.architecture", null));
        writer.WriteBoolean("supported", Problem is null);
        writer.WriteNumber("parameters", Parameters);
        writer.WriteNumber("file_bytes", file.Bytes);
        if (config is not null) WriteConfig(writer, config);
        writer.WriteStartObject("metadata");
        foreach (string key in file.Metadata.Keys) MetadataText.Write(writer, file.Metadata, key);
        writer.WriteEndObject();
        writer.WriteStartArray("tensors");
        foreach (GgufTensor tensor in file.Tensors)
        {
            writer.WriteStartObject();
            writer.WriteString("name", tensor.Name);
            writer.WriteString("type", tensor.Type.ToString());
            writer.WriteBoolean("packed", tensor.IsPacked);
            writer.WriteStartArray("shape");
            foreach (long size in tensor.Dimensions) writer.WriteNumberValue(size);
            writer.WriteEndArray();
            writer.WriteNumber("bytes", tensor.Bytes);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private void WriteSharing(TextWriter output, ModelConfig model)
    {
        int layers = model.Layers.Length;
        string source = groups.Count == layers ? "every layer has its own" : $"{model.Sharing.Source}";
        output.WriteLine($"Sharing map: {layers} layers, {groups.Count} caches ({source})");
        foreach (CacheGroup group in groups)
        {
            string window = group.Shape.Window > 0 ? $", window {group.Shape.Window}" : "";
            string readers = group.Layers.Length == 1 ? "" : $", read by layers {string.Join(", ", group.Layers)}";
            output.WriteLine($"  cache of layer {group.Shape.Owner}: {group.Shape.KvHeads} KV heads of "
                + $"{group.Shape.KeyDimension} + {group.Shape.ValueDimension}{window}, "
                + $"{group.BytesPerToken} bytes per token{readers}");
        }
    }

    private void WriteConfig(Utf8JsonWriter writer, ModelConfig model)
    {
        writer.WriteNumber("layers", model.Layers.Length);
        writer.WriteNumber("trained_context", model.TrainedContext);
        writer.WriteNumber("bytes_per_token", CacheBytesPerToken);
        writer.WriteStartObject("sharing");
        writer.WriteString("source", model.Sharing.Source);
        JsonResult.Numbers(writer, "map", Enumerable.Range(0, model.Layers.Length).Select(model.Sharing.Owner));
        JsonResult.Numbers(writer, "owners", model.Sharing.OwnerLayers);
        writer.WriteEndObject();
        writer.WriteStartObject("cache");
        writer.WriteString("type", Name(cacheType));
        writer.WriteNumber("bytes_per_token", CacheBytesPerToken);
        writer.WriteNumber("context", context);
        writer.WriteNumber("bytes", CacheBytes);
        writer.WriteStartArray("groups");
        foreach (CacheGroup group in groups)
        {
            writer.WriteStartObject();
            writer.WriteNumber("owner", group.Shape.Owner);
            JsonResult.Numbers(writer, "layers", group.Layers);
            writer.WriteNumber("kv_heads", group.Shape.KvHeads);
            writer.WriteNumber("key_dimension", group.Shape.KeyDimension);
            writer.WriteNumber("value_dimension", group.Shape.ValueDimension);
            writer.WriteNumber("window", group.Shape.Window);
            writer.WriteNumber("bytes_per_token", group.BytesPerToken);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteStartObject("memory");
        writer.WriteNumber("weight_bytes", file.Bytes);
        writer.WriteNumber("cache_bytes", CacheBytes);
        writer.WriteEndObject();
    }

    private IEnumerable<IGrouping<string, GgufTensor>> ByType() =>
        file.Tensors.GroupBy(TypeOf).OrderByDescending(type => type.Sum(t => t.Bytes));

    private static string TypeOf(GgufTensor tensor) => tensor.Type + (tensor.IsPacked ? ", packed" : "");

    private static string Name(CacheType type) => type.ToString().ToLowerInvariant();

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>One cache and the layers that read it.</summary>
    private sealed record CacheGroup(CacheShape Shape, int[] Layers, CacheType Type)
    {
        public long BytesPerToken => TransformerModel.CacheBytesPerToken(Shape, Type);

        public int Positions(int context) => Shape.Window > 0 ? Math.Min(Shape.Window, context) : context;
    }
}
