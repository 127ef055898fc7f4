using System.Buffers.Binary;
using Engine.Formats;
using Engine.Formats.Packed;
using Engine.Isa;
using Engine.Tests.Gguf;
using Engine.Tests.Transformer;

namespace Engine.Tests.Packing;

/// <summary>A model that is packed while it loads is the packed file, to the last bit.</summary>
[TestClass]
public sealed class PackedAtLoadTests
{
    private static readonly int[] Tokens = [.. Enumerable.Range(0, 24).Select(i => i * 37 % SmallModel.Vocabulary)];

    public static IEnumerable<object[]> Types => PackedLayout.All.Select(layout => new object[] { layout.Format.Type });

    [TestMethod]
    [DynamicData(nameof(Types))]
    public void LogitsAreThoseOfThePackedFile(WeightType type)
    {
        using var folder = new GgufFolder();
        string path = SmallModel.Write(folder["small.gguf"], type);
        long bytes = ModelPacker.Pack(path, folder["small.bin"]).PackedBytes;
        foreach (InstructionSet isa in InstructionSets.Supported)
        {
            using var expected = new Runner(folder["small.bin"], isa: isa);
            foreach (int threads in new[] { 1, 2 })
            {
                using var found = new Runner(path, threads, isa: isa, pack: true);
                Assert.AreEqual(bytes, found.Model.Weights.PackedBytes, $"{type} on {isa}");
                CollectionAssert.AreEqual(expected.Logits(Tokens, [5, 1]), found.Logits(Tokens, [5, 1]),
                    $"{type} on {isa}, {threads} threads");
            }
        }
    }

    [TestMethod]
    public void WhatCannotBePackedStaysInTheFile()
    {
        using var folder = new GgufFolder();
        string path = SmallModel.Write(folder["s.gguf"], WeightType.Q8_0);
        string infinite = SmallModel.Write(folder["i.gguf"], WeightType.Q8_0, change: (name, bytes) =>
        {
            if (name == "blk.1.ffn_up.weight")
                BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan((17 * 8 + 1) * 34), 0x7C00);
        });
        using var whole = new Runner(path, pack: true);
        using var partly = new Runner(infinite, pack: true);
        long matrix = partly.Model.Weights.Layers[1].Up.Rows * partly.Model.Weights.Layers[1].Up.Weights.RowBytes;
        Assert.AreEqual(whole.Model.Weights.PackedBytes - matrix, partly.Model.Weights.PackedBytes);
        ModelPacker.Pack(path, folder["s.bin"]);
        foreach (string other in new[] { folder["s.bin"], SmallModel.Write(folder["f.gguf"], WeightType.F16) })
        {
            using var mapped = new Runner(other, pack: true);
            Assert.AreEqual(0, mapped.Model.Weights.PackedBytes, other);
        }
    }

    [TestMethod]
    public void ProgressEndsWithAllAndTheAnswerIsThatOfThePackedFile()
    {
        var reports = new List<(long Done, long Total)>();
        string path = TestData.Model("smollm2-135m-instruct-q4_1.gguf");
        using LanguageModel packed = LanguageModel.Load(path, new ModelOptions
        {
            PackWeights = true,
            PackingProgress = (done, total) => reports.Add((done, total)),
        });
        Assert.AreEqual(packed.PackedBytes, reports[^1].Done);
        Assert.AreEqual(packed.PackedBytes, reports[^1].Total);
        for (int i = 1; i < reports.Count; i++) Assert.IsGreaterThan(reports[i - 1].Done, reports[i].Done);
        using LanguageModel mapped = LanguageModel.Load(path);
        Assert.AreEqual(0, mapped.PackedBytes);
        using var folder = new GgufFolder();
        ModelPacker.Pack(path, folder["smollm2.bin"]);
        using LanguageModel file = LanguageModel.Load(folder["smollm2.bin"]);
        Assert.AreEqual(Answer(file), Answer(packed));
    }

    private static string Answer(LanguageModel model)
    {
        using Session session = model.CreateSession();
        var options = new GenerationOptions { MaxTokens = 12, Sampling = new() { Temperature = 0 } };
        return session.Generate(model.Tokenize("The capital of France is"), options).Text;
    }
}
