using Engine.Formats;
using Engine.Formats.Packed;
using Engine.Gguf;
using Engine.Isa;
using Engine.Sampling;
using Engine.Tests.Gguf;
using Engine.Tests.Transformer;

namespace Engine.Tests.Packing;

/// <summary>A packed model says what the model itself says.</summary>
[TestClass]
public sealed class PackedModelTests
{
    private static readonly int[] Tokens = [.. Enumerable.Range(0, 24).Select(i => i * 37 % SmallModel.Vocabulary)];

    public static IEnumerable<object[]> Types => PackedLayout.All.Select(layout => new object[] { layout.Format.Type });

    [TestMethod]
    [DynamicData(nameof(Types))]
    public void EveryFormatGivesTheSameLogits(WeightType type)
    {
        using var folder = new GgufFolder();
        string path = SmallModel.Write(folder["small.gguf"], type);
        PackingResult result = ModelPacker.Pack(path, folder["small.bin"]);
        Assert.AreEqual(15, result.PackedTensors, "seven matrices a layer, and the tied head");
        Assert.AreEqual(20, result.Tensors);
        foreach (InstructionSet isa in InstructionSets.Supported)
        {
            using var plain = new Runner(path, isa: isa);
            using var packed = new Runner(folder["small.bin"], isa: isa);
            using var two = new Runner(folder["small.bin"], threads: 2, isa: isa);
            float[] expected = plain.Logits(Tokens, [int.MaxValue]);
            float[] found = packed.Logits(Tokens, [int.MaxValue]);
            // Quantised activations may round the other way after a sum in another order.
            AssertClose(expected, found, 0.01f, $"{type} on {isa}");
            float[] single = packed.Logits(Tokens, [1]);
            CollectionAssert.AreEqual(single, packed.Logits(Tokens, [7, 1, 3]), $"{type} on {isa}: cuts differ");
            CollectionAssert.AreEqual(single, two.Logits(Tokens, [5, 1]), $"{type} on {isa}: threads differ");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Types))]
    public unsafe void RowsOfAPackedTableAreTheRows(WeightType type)
    {
        using var folder = new GgufFolder();
        string path = SmallModel.Write(folder["small.gguf"], type);
        ModelPacker.Pack(path, folder["small.bin"]);
        using var plain = new Runner(path);
        using var packed = new Runner(folder["small.bin"]);
        float[] expected = new float[SmallModel.Embedding], found = new float[SmallModel.Embedding];
        for (int row = 0; row < SmallModel.Vocabulary; row++)
        {
            fixed (float* target = expected) plain.Model.Weights.TokenEmbedding.Decode(row, target);
            fixed (float* target = found) packed.Model.Weights.TokenEmbedding.Decode(row, target);
            CollectionAssert.AreEqual(expected, found, $"{type}, row {row}");
        }
    }

    [TestMethod]
    [DataRow("tales-cla2-q8_0.gguf", "Once upon a time")]
    [DataRow("tales-mqa-q8_0.gguf", "The king")]
    [DataRow("smollm2-135m-instruct-q4_1.gguf", "The capital of France is")]
    public void ShippedModelsContinueAsBefore(string name, string prompt)
    {
        using var folder = new GgufFolder();
        ModelPacker.Pack(TestData.Model(name), folder["model.bin"]);
        using LanguageModel plain = LanguageModel.Load(TestData.Model(name));
        using LanguageModel packed = LanguageModel.Load(folder["model.bin"]);
        Assert.AreEqual(plain.Name, packed.Name);
        Assert.AreEqual(plain.WeightBytesPerToken, packed.WeightBytesPerToken);
        int[] tokens = plain.Tokenize(prompt);
        CollectionAssert.AreEqual(tokens, packed.Tokenize(prompt));
        int[] continued = Continue(plain, tokens);
        using var before = new Runner(TestData.Model(name));
        using var after = new Runner(folder["model.bin"]);
        AssertChoices(before.Logits(continued, [1]), after.Logits(continued, [1]), plain.VocabularySize, tokens.Length);
    }

    /// <summary>The same token is the best after every position, but where two are so close that rounding decides.
    /// </summary>
    private static void AssertChoices(float[] expected, float[] found, int vocabulary, int from)
    {
        int decided = 0;
        for (int i = from; i < expected.Length / vocabulary; i++)
        {
            Span<float> row = expected.AsSpan(i * vocabulary, vocabulary);
            int best = 0;
            for (int k = 1; k < vocabulary; k++) if (row[k] > row[best]) best = k;
            float margin = float.PositiveInfinity;
            for (int k = 0; k < vocabulary; k++) if (k != best) margin = Math.Min(margin, row[best] - row[k]);
            if (margin < 0.3f) continue;
            decided++;
            ReadOnlySpan<float> other = found.AsSpan(i * vocabulary, vocabulary);
            for (int k = 0; k < vocabulary; k++)
                Assert.IsFalse(k != best && other[k] >= other[best], $"position {i}, margin {margin}: token {k}");
        }

        Assert.IsGreaterThan(8, decided);
    }

    [TestMethod]
    [DataRow(64, true)]
    [DataRow(4, false)]
    public void FusedProjectionsArePackedWhereTheirPartsAreStrips(int headDimension, bool packable)
    {
        using var folder = new GgufFolder();
        string path = SmallModel.Write(folder["f.gguf"], WeightType.Q4_0, fused: true, headDimension);
        ModelPacker.Pack(path, folder["f.bin"]);
        using (GgufFile file = GgufFile.Open(folder["f.bin"]))
        {
            Assert.IsTrue(file.TryGetTensor("blk.1.attn_qkv.weight", out GgufTensor? tensor));
            Assert.AreEqual(packable, tensor.IsPacked);
            Assert.IsTrue(file.TryGetTensor("blk.1.ffn_up.weight", out tensor));
            Assert.IsTrue(tensor.IsPacked);
        }

        using var plain = new Runner(path);
        using var packed = new Runner(folder["f.bin"]);
        AssertClose(plain.Logits(Tokens, [3]), packed.Logits(Tokens, [3]), 0.01f, "fused");
    }

    [TestMethod]
    public void APartThatCutsThroughAStripIsRefused()
    {
        using var folder = new GgufFolder();
        string path = SmallModel.Write(folder["f.gguf"], WeightType.Q4_0, fused: true, headDimension: 4);
        using (GgufFile file = GgufFile.Open(path))
        {
            var writer = new GgufWriter(64);
            foreach (string key in file.Metadata.Keys) writer.Add(file.Metadata, key);
            writer.Add(PackedLayout.VersionKey, 1u);
            foreach (GgufTensor tensor in file.Tensors)
            {
                if (tensor.Name == "blk.0.attn_qkv.weight") writer.AddPacked(tensor, Zeros(tensor.Bytes));
                else writer.AddTensor(tensor);
            }

            writer.Save(folder["lie.bin"]);
        }

        ModelFormatException error = Assert.ThrowsExactly<ModelFormatException>(
            () => LanguageModel.Load(folder["lie.bin"]));
        Assert.Contains("blk.0.attn_qkv.weight", error.Message);
        Assert.Contains("a multiple of 16 rows", error.Message);
    }

    private static Action<Stream> Zeros(long bytes) => stream => stream.Write(new byte[bytes]);

    private static int[] Continue(LanguageModel model, int[] prompt)
    {
        using Session session = model.CreateSession();
        session.Prefill(prompt);
        var sampler = new Sampler(SamplingOptions.Greedy, model.VocabularySize, session.ContextLength);
        for (int i = 0; i < 24; i++) session.Next(sampler);
        return session.Tokens.ToArray();
    }

    private static void AssertClose(float[] expected, float[] found, float tolerance, string what)
    {
        float worst = 0, largest = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.IsTrue(float.IsFinite(found[i]), what);
            worst = Math.Max(worst, Math.Abs(expected[i] - found[i]));
            largest = Math.Max(largest, Math.Abs(expected[i]));
        }

        Assert.IsGreaterThan(0.1f, largest, $"{what}: logits without content");
        Assert.IsLessThanOrEqualTo(tolerance * largest, worst, what);
    }
}
