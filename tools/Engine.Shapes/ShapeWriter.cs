using System.Runtime.InteropServices;
using Engine.Formats;
using Engine.Gguf;

namespace Engine.Shapes;

/// <summary>Writes a model of a shape with random weights.</summary>
/// <remarks>Each matrix has the deviation 1 / √columns and every norm the weight 1: a matrix keeps the size of what it
/// is given, so that activations and logits stay near 1 at any depth, as in a trained model.</remarks>
internal sealed class ShapeWriter(ModelShape shape, TypeMix mix, int seed)
{
    private const string Architecture = "llama";
    private readonly Dictionary<(WeightType Type, int Columns), RandomWeights> pools = [];
    private readonly GgufWriter writer = new();
    private int tensors;

    /// <summary>Writes the file; an existing one is replaced.</summary>
    public void Save(string path)
    {
        AddMetadata();
        ShapeVocabulary.Add(writer, shape.Vocabulary);
        int width = shape.Embedding;
        AddMatrix("token_embd", width, shape.Vocabulary, shape.Tied ? mix.OfHead(width) : mix.OfTable(width));
        for (int layer = 0; layer < shape.Layers; layer++) AddLayer(layer);
        AddNorm("output_norm");
        if (!shape.Tied) AddMatrix("output", width, shape.Vocabulary, mix.OfHead(width));
        writer.Save(path);
    }

    private void AddMetadata()
    {
        writer.Add("general.architecture", Architecture);
        writer.Add("general.name", $"random weights in the shape of {shape.Name}");
        writer.Add("general.file_type", mix.FileType);
        writer.Add("general.quantization_version", 2u);
        AddNumber("block_count", shape.Layers);
        AddNumber("context_length", shape.Context);
        AddNumber("embedding_length", shape.Embedding);
        AddNumber("feed_forward_length", shape.FeedForward);
        AddNumber("attention.head_count", shape.Heads);
        AddNumber("attention.head_count_kv", shape.KvHeads);
        AddNumber("attention.key_length", shape.HeadDimension);
        AddNumber("attention.value_length", shape.HeadDimension);
        AddNumber("rope.dimension_count", shape.HeadDimension);
        AddNumber("vocab_size", shape.Vocabulary);
        if (shape.SharingFactor > 1) AddNumber("attention.cla_share_factor", shape.SharingFactor);
        writer.Add($"{Architecture}.attention.layer_norm_rms_epsilon", 1e-5f);
        writer.Add($"{Architecture}.rope.freq_base", shape.RopeBase);
    }

    private void AddNumber(string key, int value) => writer.Add($"{Architecture}.{key}", (uint)value);

    private void AddLayer(int layer)
    {
        int keys = shape.KvHeads * shape.HeadDimension;
        AddNorm($"blk.{layer}.attn_norm");
        AddPart(layer, "attn_q", shape.Embedding, shape.Embedding);
        if (layer % shape.SharingFactor == 0)
        {
            AddPart(layer, "attn_k", shape.Embedding, keys);
            AddPart(layer, "attn_v", shape.Embedding, keys);
        }

        AddPart(layer, "attn_output", shape.Embedding, shape.Embedding);
        AddNorm($"blk.{layer}.ffn_norm");
        AddPart(layer, "ffn_gate", shape.Embedding, shape.FeedForward);
        AddPart(layer, "ffn_up", shape.Embedding, shape.FeedForward);
        AddPart(layer, "ffn_down", shape.FeedForward, shape.Embedding);
    }

    private void AddPart(int layer, string part, int columns, int rows) =>
        AddMatrix($"blk.{layer}.{part}", columns, rows, mix.Of(part, layer, shape.Layers, columns));

    private void AddMatrix(string name, int columns, int rows, WeightType type)
    {
        ulong own = Seed(++tensors);
        long elements = (long)columns * rows;
        writer.AddTensor($"{name}.weight", type, [columns, rows],
            stream => Pool(type, columns).Write(stream, elements, own));
    }

    private void AddNorm(string name)
    {
        float[] ones = new float[shape.Embedding];
        Array.Fill(ones, 1f);
        byte[] bytes = MemoryMarshal.AsBytes(ones.AsSpan()).ToArray();
        writer.AddTensor($"{name}.weight", WeightType.F32, [ones.Length], bytes);
    }

    private RandomWeights Pool(WeightType type, int columns)
    {
        if (pools.TryGetValue((type, columns), out RandomWeights? pool)) return pool;
        return pools[(type, columns)] = new RandomWeights(type, 1 / MathF.Sqrt(columns), Seed(columns));
    }

    private ulong Seed(int stream) => (ulong)(uint)seed << 32 | (uint)stream;
}
