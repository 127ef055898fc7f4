using Engine.Formats;
using Engine.Gguf;

namespace Engine.Tests.Packing;

/// <summary>Two random layers whose matrices are of one type, wide enough for every format.</summary>
internal static class SmallModel
{
    public const int Embedding = 256;

    /// <summary>Not a multiple of 16: the last rows of the (tied) head lie behind the strips.</summary>
    public const int Vocabulary = 293;

    private const int FeedForward = 512;
    private const int Heads = 4;

    /// <summary>Writes the model.</summary>
    /// <param name="path">The file.</param>
    /// <param name="type">Type of the matrices.</param>
    /// <param name="fused">True for one tensor of queries, keys and values.</param>
    /// <param name="headDimension">With 8, the two key heads share a strip of 16 rows with nothing; with 4 they do with
    /// the values.</param>
    /// <param name="change">Changes the bytes of a tensor; null = none.</param>
    public static string Write(string path, WeightType type, bool fused = false, int headDimension = 64,
        Action<string, byte[]>? change = null)
    {
        var writer = new GgufWriter();
        writer.Add("general.architecture", "llama");
        writer.Add("general.name", "small");
        writer.Add("llama.block_count", 2u);
        writer.Add("llama.context_length", 128u);
        writer.Add("llama.embedding_length", (uint)Embedding);
        writer.Add("llama.feed_forward_length", (uint)FeedForward);
        writer.Add("llama.attention.head_count", (uint)Heads);
        writer.Add("llama.attention.head_count_kv", 2u);
        writer.Add("llama.attention.key_length", (uint)headDimension);
        writer.Add("llama.attention.value_length", (uint)headDimension);
        int queries = Heads * headDimension, keys = 2 * headDimension;
        Add(writer, "token_embd.weight", type, Embedding, Vocabulary, change);
        Vector(writer, "output_norm.weight");
        for (int layer = 0; layer < 2; layer++)
        {
            string name = $"blk.{layer}.";
            Vector(writer, name + "attn_norm.weight");
            Vector(writer, name + "ffn_norm.weight");
            if (fused)
            {
                Add(writer, name + "attn_qkv.weight", type, Embedding, queries + 2 * keys, change);
            }
            else
            {
                Add(writer, name + "attn_q.weight", type, Embedding, queries, change);
                Add(writer, name + "attn_k.weight", type, Embedding, keys, change);
                Add(writer, name + "attn_v.weight", type, Embedding, keys, change);
            }

            // Blocks of 256 need as many columns, so narrow heads have an output of floats.
            Add(writer, name + "attn_output.weight", queries % 256 == 0 ? type : WeightType.F32, queries, Embedding,
                change);
            Add(writer, name + "ffn_gate.weight", type, Embedding, FeedForward, change);
            Add(writer, name + "ffn_up.weight", type, Embedding, FeedForward, change);
            Add(writer, name + "ffn_down.weight", type, FeedForward, Embedding, change);
        }

        writer.Save(path);
        return path;
    }

    private static void Add(
        GgufWriter writer, string name, WeightType type, int columns, int rows, Action<string, byte[]>? change)
    {
        WeightFormat format = WeightFormats.Get(type);
        var random = new Random(name.Sum(letter => letter));
        var values = new float[columns * rows];
        float size = 1.5f / MathF.Sqrt(columns);
        for (int i = 0; i < values.Length; i++) values[i] = size * (random.NextSingle() + random.NextSingle() - 1);
        byte[] bytes = new byte[format.BytesOf(values.Length)];
        format.Encode(values, bytes);
        change?.Invoke(name, bytes);
        writer.AddTensor(name, type, [columns, rows], bytes);
    }

    private static void Vector(GgufWriter writer, string name)
    {
        float[] ones = new float[Embedding];
        ones.AsSpan().Fill(1);
        byte[] bytes = new byte[Embedding * sizeof(float)];
        Buffer.BlockCopy(ones, 0, bytes, 0, bytes.Length);
        writer.AddTensor(name, WeightType.F32, [Embedding], bytes);
    }
}
