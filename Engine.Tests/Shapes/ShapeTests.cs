using System.Buffers;
using System.Text;
using Engine.Formats;
using Engine.Gguf;
using Engine.Memory;
using Engine.Shapes;
using Engine.Tests.Cli;

namespace Engine.Tests.Shapes;

/// <summary>Models of known shapes with random weights, as the speed measurements use them.</summary>
[TestClass]
public sealed class ShapeTests
{
    private static readonly int[] Prompt = [5, 77, 300, 20, 31, 499, 64, 3];

    public static IEnumerable<object[]> Formats => TypeMix.Named.Select(mix => new object[] { mix.Name });

    [TestMethod]
    [DynamicData(nameof(Formats))]
    public void A_model_loads_and_its_logits_are_of_a_sane_size(string format)
    {
        using var folder = new TemporaryFolder();
        string path = Save(folder, "small.gguf", format, seed: 1);
        using LanguageModel model = LanguageModel.Load(path);
        using Session session = model.CreateSession(new SessionOptions { ContextLength = 32 });
        ReadOnlySpan<float> logits = session.Prefill(Prompt);
        double squares = 0;
        foreach (float logit in logits) squares += logit * (double)logit;
        double size = Math.Sqrt(squares / logits.Length);
        Assert.AreEqual(512, logits.Length);
        Assert.IsTrue(size is > 0.5 and < 2, $"logits of size {size}");
        const string Text = "any bytes, é and \n";
        var tokens = new ArrayBufferWriter<int>();
        model.Tokenizer.Encode(Encoding.UTF8.GetBytes(Text), tokens, addSpecial: false, parseSpecial: false);
        Assert.AreEqual(Text, model.Tokenizer.Decode(tokens.WrittenSpan));
    }

    [TestMethod]
    public void The_seed_decides_every_byte()
    {
        using var folder = new TemporaryFolder();
        byte[] first = File.ReadAllBytes(Save(folder, "a.gguf", "Q4_K_M", seed: 7));
        byte[] again = File.ReadAllBytes(Save(folder, "b.gguf", "Q4_K_M", seed: 7));
        byte[] other = File.ReadAllBytes(Save(folder, "c.gguf", "Q4_K_M", seed: 8));
        Assert.IsTrue(first.AsSpan().SequenceEqual(again), "the same seed wrote another file");
        Assert.AreEqual(first.Length, other.Length);
        Assert.IsFalse(first.AsSpan().SequenceEqual(other), "another seed wrote the same file");
    }

    /// <summary>Layers whose value and second feed-forward matrices llama.cpp's quantiser keeps at 6 bits.</summary>
    [TestMethod]
    public void The_mix_is_that_of_the_quantiser()
    {
        TypeMix mix = TypeMix.Get("Q4_K_M");
        int[] sensitive = [.. Enumerable.Range(0, 16).Where(i => mix.Of("ffn_down", i, 16, 8192) == WeightType.Q6_K)];
        CollectionAssert.AreEqual(new[] { 0, 1, 4, 7, 10, 13, 14, 15 }, sensitive);
        Assert.AreEqual(WeightType.Q6_K, mix.Of("attn_v", 0, 16, 2048));
        Assert.AreEqual(WeightType.Q4_K, mix.Of("attn_k", 0, 16, 2048));
        Assert.AreEqual(WeightType.Q5_0, mix.Of("attn_k", 0, 30, 576));
        Assert.AreEqual(WeightType.Q8_0, mix.Of("attn_v", 0, 30, 576));
        Assert.AreEqual(WeightType.Q6_K, TypeMix.Get("Q4_0").OfHead(2048));
        Assert.AreEqual(WeightType.Q4_0, TypeMix.Get("Q4_0").Pure().OfHead(2048));
    }

    [TestMethod]
    public void A_tied_shape_has_one_table_and_another_two()
    {
        using var folder = new TemporaryFolder();
        string path = System.IO.Path.Combine(folder.Path, "m.gguf");
        ModelShape tied = ModelShape.Get("smollm2-135m").With(layers: 1, vocabulary: 1000);
        new ShapeWriter(tied, TypeMix.Get("Q8_0"), 1).Save(path);
        using (GgufFile file = GgufFile.Open(path)) Assert.IsFalse(file.TryGetTensor("output.weight", out _));
        new ShapeWriter(tied with { Tied = false }, TypeMix.Get("Q8_0"), 1).Save(path);
        using (GgufFile file = GgufFile.Open(path)) Assert.IsTrue(file.TryGetTensor("output.weight", out _));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public void Layers_share_caches_by_the_factor(int factor)
    {
        using var folder = new TemporaryFolder();
        string path = System.IO.Path.Combine(folder.Path, "m.gguf");
        ModelShape shape = ModelShape.Get("smollm2-135m").With(layers: 5, vocabulary: 512, sharingFactor: factor);
        new ShapeWriter(shape, TypeMix.Get("Q8_0"), 1).Save(path);
        using LanguageModel model = LanguageModel.Load(path);
        int owners = (5 + factor - 1) / factor;
        Assert.AreEqual(owners * shape.KvHeads * 2 * shape.HeadDimension * sizeof(ushort),
            model.CacheBytesPerToken());
        using GgufFile file = GgufFile.Open(path);
        for (int layer = 0; layer < 5; layer++)
            Assert.AreEqual(layer % factor == 0, file.TryGetTensor($"blk.{layer}.attn_k.weight", out _));
    }

    [TestMethod]
    public void Vocabularies_have_distinct_tokens()
    {
        using var folder = new TemporaryFolder();
        string path = System.IO.Path.Combine(folder.Path, "m.gguf");
        var writer = new GgufWriter();
        writer.Add("general.architecture", "llama");
        ShapeVocabulary.Add(writer, 128256);
        writer.Save(path);
        using GgufFile file = GgufFile.Open(path);
        Utf8StringTable tokens = file.Metadata.GetStrings("tokenizer.ggml.tokens");
        var distinct = new HashSet<string>();
        for (int i = 0; i < tokens.Count; i++) distinct.Add(Encoding.UTF8.GetString(tokens[i]));
        Assert.AreEqual(128256, distinct.Count);
    }

    [TestMethod]
    [DataRow(0, null, null)]
    [DataRow(null, 511, null)]
    [DataRow(null, 1 << 20, null)]
    [DataRow(null, null, 0)]
    public void Impossible_sizes_are_refused(int? layers, int? vocabulary, int? sharing) =>
        Assert.ThrowsExactly<ArgumentException>(() => ModelShape.Get("llama-3.2-1b").With(layers, vocabulary, sharing));

    private static string Save(TemporaryFolder folder, string name, string format, int seed)
    {
        string path = System.IO.Path.Combine(folder.Path, name);
        ModelShape shape = ModelShape.Get("llama-3.2-1b").With(layers: 2, vocabulary: 512) with
        {
            Embedding = 512,
            FeedForward = 1024,
            Heads = 8,
            KvHeads = 2,
        };
        new ShapeWriter(shape, TypeMix.Get(format), seed).Save(path);
        return path;
    }
}
