using Engine.Formats;
using Engine.Gguf;
using Engine.Transformer;

namespace Engine.Tests.Transformer;

/// <summary>The same model said in another way gives the same logits; what cannot be computed is refused.</summary>
[TestClass]
public sealed class ModelVariantTests
{
    private static readonly string[] Fusible = ["attn_q", "attn_k", "attn_v"];

    [TestMethod]
    [DataRow("llama-gqa")]
    [DataRow("llama-bias")]
    [DataRow("cla2-gqa-kvnorm")]
    public void Fused_projections_equal_split_ones(string name) => AssertSame(name, (source, writer) =>
    {
        foreach (GgufTensor tensor in source.Tensors)
        {
            string[] part = tensor.Name.Split('.');
            if (part.Length < 4 || !Fusible.Contains(part[2]))
            {
                writer.AddTensor(tensor);
                continue;
            }

            string Of(string projection) => $"{part[0]}.{part[1]}.{projection}.{part[3]}";
            // A borrower has queries only.
            if (!source.TryGetTensor(Of("attn_k"), out _)) writer.AddTensor(tensor);
            else if (part[2] == "attn_q") Concatenate(source, writer, Of("attn_qkv"), [.. Fusible.Select(Of)]);
        }
    });

    [TestMethod]
    [DataRow("llama-tied")]
    [DataRow("gemma3")]
    [DataRow("gpt2")]
    public void A_copy_of_a_tied_head_equals_it(string name) => AssertSame(name, (source, writer) =>
    {
        foreach (GgufTensor tensor in source.Tensors) writer.AddTensor(tensor);
        if (!source.TryGetTensor("output.weight", out _))
            Concatenate(source, writer, "output.weight", ["token_embd.weight"]);
    });

    [TestMethod]
    public void A_tied_head_may_have_a_bias()
    {
        ConformanceModel model = ConformanceModel.Load("llama-tied");
        float[] bias = [.. Enumerable.Range(0, model.Vocabulary).Select(i => i % 7 - 3f)];
        byte[] bytes = new byte[bias.Length * sizeof(float)];
        Buffer.BlockCopy(bias, 0, bytes, 0, bytes.Length);
        float[] found = Logits(model, (source, writer) =>
        {
            foreach (GgufTensor tensor in source.Tensors) writer.AddTensor(tensor);
            writer.AddTensor("output.bias", WeightType.F32, [bias.Length], bytes);
        });
        for (int i = 0; i < found.Length; i++)
            Assert.AreEqual(model.Logits[i] + bias[i % bias.Length], found[i], model.Tolerance);
    }

    [TestMethod]
    public void An_explicit_map_equals_the_factor() => AssertSame("cla3-factor", Copy, (metadata, layers) =>
        metadata.Add("llama.attention.kv_layer_map",
            Enumerable.Range(0, layers).Select(layer => (uint)(layer - layer % 3)).ToArray()));

    [TestMethod]
    [DataRow("llama-gqa")]
    [DataRow("cla-trailing")]
    public void A_factor_of_one_shares_nothing_and_leaves_the_other_keys(string name) =>
        AssertSame(name, Copy, (metadata, _) => metadata.Add("llama.attention.cla_share_factor", 1u));

    [TestMethod]
    public void A_window_pattern_applies_in_every_family()
    {
        ConformanceModel model = ConformanceModel.Load("mistral-swa");
        float[] all = Logits(model, Copy, (metadata, layers) =>
            metadata.Add("llama.attention.sliding_window_pattern", Enumerable.Repeat(true, layers).ToArray()));
        for (int i = 0; i < all.Length; i++) Assert.AreEqual(model.Logits[i], all[i], model.Tolerance);
        float[] none = Logits(model, Copy, (metadata, layers) =>
            metadata.Add("llama.attention.sliding_window_pattern", new uint[layers]));
        float[] full = Logits(model, Copy, (metadata, _) => metadata.Add("llama.attention.sliding_window", 0u));
        for (int i = 0; i < full.Length; i++) Assert.AreEqual(full[i], none[i]);
        Assert.AreNotEqual(all[^1], full[^1]);
    }

    [TestMethod]
    [DataRow("attention.key_length", 1u << 24)]
    [DataRow("attention.value_length", 1025u)]
    [DataRow("attention.head_count", 1u << 24)]
    [DataRow("feed_forward_length", 1u << 20)]
    [DataRow("attention.cla_share_factor", uint.MaxValue)]
    [DataRow("attention.shared_kv_layers", 1u << 30)]
    public void Sizes_without_measure_are_refused(string key, uint value) =>
        Assert.ThrowsExactly<ModelFormatException>(() => Logits(ConformanceModel.Load("llama-mha"), Copy,
            (metadata, _) => metadata.Add("llama." + key, value)));

    private static void Copy(GgufFile source, GgufWriter writer)
    {
        foreach (GgufTensor tensor in source.Tensors) writer.AddTensor(tensor);
    }

    private static void AssertSame(string name, Action<GgufFile, GgufWriter> tensors,
        Action<Dictionary<string, object>, int>? keys = null)
    {
        ConformanceModel model = ConformanceModel.Load(name);
        float[] found = Logits(model, tensors, keys);
        for (int i = 0; i < found.Length; i++) Assert.AreEqual(model.Logits[i], found[i], model.Tolerance, name);
    }

    /// <summary>Logits of a rewritten copy of a model; keys given replace those of the file.</summary>
    private static float[] Logits(ConformanceModel model, Action<GgufFile, GgufWriter> tensors,
        Action<Dictionary<string, object>, int>? keys = null)
    {
        string path = Path.GetTempFileName();
        try
        {
            using (GgufFile source = GgufFile.Open(model.Path))
            {
                var writer = new GgufWriter();
                var replaced = new Dictionary<string, object>();
                string architecture = source.Metadata.GetString("general.architecture");
                keys?.Invoke(replaced, (int)source.Metadata.GetUInt32(architecture + ".block_count"));
                foreach ((string key, object value) in replaced) writer.Add(key, value);
                foreach (string key in source.Metadata.Keys)
                    if (!replaced.ContainsKey(key)) writer.Add(source.Metadata, key);
                tensors(source, writer);
                writer.Save(path);
            }

            using var runner = new Runner(path);
            return runner.Logits(model.Tokens, [model.Tokens.Length]);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static unsafe void Concatenate(GgufFile source, GgufWriter writer, string name, string[] parts)
    {
        var bytes = new List<byte>();
        long rows = 0;
        GgufTensor? first = null;
        foreach (string part in parts)
        {
            Assert.IsTrue(source.TryGetTensor(part, out GgufTensor? tensor), part);
            first ??= tensor;
            rows += tensor!.Dimensions[^1];
            bytes.AddRange(new ReadOnlySpan<byte>(tensor.Data, (int)tensor.Bytes));
        }

        long[] dimensions = [.. first!.Dimensions.Take(first.Dimensions.Count - 1), rows];
        writer.AddTensor(name, first.Type, dimensions, bytes.ToArray());
    }
}
