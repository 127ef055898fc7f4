using System.Text;
using System.Text.Json;
using Engine.Formats;
using Engine.Gguf;
using Engine.Memory;

namespace Engine.Tests.Gguf;

/// <summary>Files that other programs wrote.</summary>
[TestClass]
public sealed class GgufModelTests
{
    [TestMethod]
    public void ConformanceModelsOpenWithTheirArchitectureAndTensors()
    {
        string[] paths = Directory.GetFiles(TestData.Path("conformance"), "*.gguf");
        Assert.IsGreaterThanOrEqualTo(30, paths.Length);
        foreach (string path in paths)
        {
            using JsonDocument facts = JsonDocument.Parse(File.ReadAllText(Path.ChangeExtension(path, ".json")));
            using GgufFile file = GgufFile.Open(path);
            string architecture = facts.RootElement.GetProperty("architecture").GetString()!;
            Assert.AreEqual(architecture, file.Metadata.GetString("general.architecture"), path);
            Assert.AreEqual(3u, file.Version);
            Assert.AreEqual(new FileInfo(path).Length, file.Bytes);
            Assert.IsTrue(file.TryGetTensor("token_embd.weight", out GgufTensor? embedding), path);
            Assert.AreEqual(WeightType.F32, embedding.Type);
            Assert.AreEqual(512, embedding.Dimensions[1]);
            Assert.AreEqual(embedding.ElementCount * sizeof(float), embedding.Bytes);
            Assert.AreEqual(512, file.Metadata.GetStrings("tokenizer.ggml.tokens").Count);
        }
    }

    [TestMethod]
    public unsafe void MetadataIsReadInPlace()
    {
        using GgufFile file = GgufFile.Open(TestData.Path("conformance", "cla-precedence.gguf"));
        GgufMetadata metadata = file.Metadata;
        uint blocks = metadata.GetUInt32("llama.block_count");
        Assert.HasCount((int)blocks, metadata.GetUInt32Array("llama.attention.kv_layer_map")!);
        Assert.AreEqual(2u, metadata.GetUInt32("llama.attention.cla_share_factor"));
        Assert.IsGreaterThan(0f, metadata.GetSingle("llama.attention.layer_norm_rms_epsilon"));
        Utf8StringTable tokens = metadata.GetStrings("tokenizer.ggml.tokens");
        Assert.AreEqual("<|endoftext|>", Encoding.UTF8.GetString(tokens[0]));
        Assert.AreEqual(512, metadata.GetInt32Values("tokenizer.ggml.token_type").Length);
        Assert.IsTrue(metadata.TryGetType("tokenizer.ggml.tokens", out var type, out var elementType, out long count));
        Assert.AreEqual((GgufValueType.Array, GgufValueType.String, 512L), (type, elementType, count));
        foreach (GgufTensor tensor in file.Tensors)
        {
            // All weights of these models are finite: a wrong start of the data section would not be.
            var values = new ReadOnlySpan<float>(tensor.Data, (int)tensor.ElementCount);
            foreach (float value in values) Assert.IsLessThan(100f, Math.Abs(value), tensor.Name);
        }
    }

    [TestMethod]
    public void ShippedModelsOpen()
    {
        foreach (string path in Directory.GetFiles(Path.GetDirectoryName(TestData.Model("tales-cla2-q8_0.gguf"))!))
        {
            if (!path.EndsWith(".gguf", StringComparison.Ordinal)) continue;
            using GgufFile file = GgufFile.Open(path);
            Assert.AreEqual("llama", file.Metadata.GetString("general.architecture"));
            Assert.IsTrue(file.TryGetTensor("output_norm.weight", out _));
        }
    }

    [TestMethod]
    public void VocabularyFilesWithoutTensorsOpen()
    {
        foreach (string path in Directory.GetFiles(TestData.SharedOrSkip("vocab"), "*.gguf"))
        {
            using GgufFile file = GgufFile.Open(path);
            Assert.IsEmpty(file.Tensors);
            Utf8StringTable tokens = file.Metadata.GetStrings("tokenizer.ggml.tokens");
            Assert.IsGreaterThan(1000, tokens.Count);
            for (int i = 0; i < tokens.Count; i++) Assert.IsLessThan(1024, tokens[i].Length);
        }
    }
}
