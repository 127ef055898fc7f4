using System.Text.Json;
using System.Text.Json.Nodes;
using Engine.Attention.Hyper;
using Engine.Cli;
using Engine.Tests.Cli;
using Engine.Tests.Kernels;

namespace Engine.Tests.Attention;

/// <summary>HyperAttention with given hyperplanes and samples against float64 results.</summary>
[TestClass]
public sealed class HyperVectorTests
{
    public static IEnumerable<object[]> Sets => FloatSets.Names;

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void EveryVector(string set)
    {
        HyperAttention kernel = FloatSets.Hyper(set);
        string[] files = Directory.GetFiles(TestData.SharedOrSkip("attention"), "*.json");
        Assert.IsGreaterThanOrEqualTo(9, files.Length);
        foreach (string file in files)
        {
            using var run = new AttentionVectorRun(AttentionVector.Read(file));
            AttentionErrors errors = run.Run(kernel);
            Assert.IsTrue(errors.Passed, $"{file}: {errors}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Sets))]
    public void WithoutTheShortcutForSmallNodesToo(string set)
    {
        HyperAttention kernel = FloatSets.Hyper(set);
        foreach (string name in (string[])["exact-by-block", "no-block-all-sampled"])
        {
            using var run = new AttentionVectorRun(
                AttentionVector.Read(TestData.SharedOrSkip("attention", name + ".json")));
            AttentionErrors errors = run.Run(kernel, exactWhereSmall: false);
            Assert.IsTrue(errors.Passed, $"{name}: {errors}");
        }
    }

    [TestMethod]
    public void SelfTestPassesAVectorAndFailsAnAlteredOne()
    {
        string source = TestData.SharedOrSkip("attention", "unmasked.json");
        var good = new TestConsole();
        Assert.AreEqual(0, good.Run("selftest", "--attention", source, "--json"), good.ErrorText);
        Assert.IsTrue(good.Json().GetProperty("passed").GetBoolean());
        Assert.IsLessThan(1e-4, good.Json().GetProperty("results")[0].GetProperty("output_error").GetDouble());
        using var folder = new TemporaryFolder();
        string json = Path.Combine(folder.Path, "v.json"), arrays = Path.Combine(folder.Path, "v.f32");
        File.Copy(source, json);
        byte[] bytes = File.ReadAllBytes(Path.ChangeExtension(source, ".f32"));
        using JsonDocument sizes = JsonDocument.Parse(File.ReadAllBytes(source));
        int before = (sizes.RootElement.GetProperty("n_q").GetInt32() + (2 * sizes.RootElement.GetProperty("n_k")
            .GetInt32()) + sizes.RootElement.GetProperty("hyperplanes").GetInt32()) * 64;
        // One element of the expected output.
        float altered = BitConverter.ToSingle(bytes, (before + 777) * 4) + 0.01f;
        BitConverter.TryWriteBytes(bytes.AsSpan((before + 777) * 4), altered);
        File.WriteAllBytes(arrays, bytes);
        var bad = new TestConsole();
        Assert.AreEqual(1, bad.Run("selftest", "--attention", json));
        Assert.Contains("FAILED", bad.OutputText);
    }

    [TestMethod]
    public void DamagedVectorsAreRefusedWithTheReason()
    {
        string source = TestData.SharedOrSkip("attention", "unmasked.json");
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "v.json");
        byte[] arrays = File.ReadAllBytes(Path.ChangeExtension(source, ".f32"));
        File.WriteAllBytes(Path.ChangeExtension(path, ".f32"), arrays);
        Refused("not JSON", json => "{");
        Refused("JSON object", json => "[]");
        Refused("n_q", json => Without(json, "n_q"));
        Refused("block", json => With(json, "block", -1));
        Refused("rank_k[0]", json => With(json, "rank_k", 0, 128));
        Refused("samples[0]", json => With(json["nodes"]![0]!, "samples", 0, 512, json));
        Refused("no node", json => With(json, "nodes", new JsonArray()));
        File.WriteAllBytes(Path.ChangeExtension(path, ".f32"), arrays[..^4]);
        Refused("bytes", json => json.ToJsonString());
        File.Delete(Path.ChangeExtension(path, ".f32"));
        Refused("no such file", json => json.ToJsonString());

        void Refused(string reason, Func<JsonObject, string> alter)
        {
            File.WriteAllText(path, alter(JsonNode.Parse(File.ReadAllText(source))!.AsObject()));
            var console = new TestConsole();
            Assert.AreEqual(1, console.Run("selftest", "--attention", path), reason);
            Assert.Contains(reason, console.ErrorText);
        }
    }

    private static string Without(JsonObject json, string name)
    {
        json.Remove(name);
        return json.ToJsonString();
    }

    private static string With(JsonObject json, string name, JsonNode value)
    {
        json[name] = value;
        return json.ToJsonString();
    }

    private static string With(JsonNode json, string name, int index, int value, JsonNode? root = null)
    {
        json[name]![index] = value;
        return (root ?? json).ToJsonString();
    }
}
