using System.Text.Json;
using Engine.Attention.Hyper;
using Engine.Bench;
using Engine.Cli;
using Engine.Formats;
using Engine.Gguf;

namespace Engine.Tests.Cli;

/// <summary>What single layers are measured on, and what the measurement prints.</summary>
[TestClass]
public sealed unsafe class LayerInputTests
{
    private const int Dimension = LayerInputs.Dimension;

    private static readonly string[] Small = ["bench", "--attention-layer", "--sample", "32", "--sinks", "0", "--band",
        "0", "--threads", "1", "--repetitions", "1", "--json"];

    private static JsonElement[] Rows(params string[] more)
    {
        var console = new TestConsole();
        string[] leaf = more.Contains("--leaf") ? [] : ["--leaf", "128"];
        string[] block = more.Contains("--block") ? [] : ["--block", "32"];
        Assert.AreEqual(0, console.Run([.. Small, .. leaf, .. block, .. more]), console.ErrorText);
        return [.. console.Json().GetProperty("rows").EnumerateArray()];
    }

    private static float[] Numbers(LayerSource source, int head, int count)
    {
        using var inputs = new LayerInputs(count);
        source.Fill(inputs, head);
        return [.. inputs.Queries.Slice(0, count * Dimension), .. inputs.Keys.Slice(0, count * Dimension),
            .. inputs.Values.Slice(0, count * Dimension)];
    }

    /// <summary>Softmax of one query over all keys.</summary>
    private static double[] Weights(LayerSource source, int count, int query)
    {
        using var inputs = new LayerInputs(count);
        source.Fill(inputs, 0);
        var weights = new double[count];
        for (int key = 0; key < count; key++)
        {
            double sum = 0;
            for (int k = 0; k < Dimension; k++)
                sum += inputs.Queries.Pointer[(query * Dimension) + k]
                    * (double)inputs.Keys.Pointer[(key * Dimension) + k];
            weights[key] = Math.Exp(sum * source.Scale);
        }

        double total = weights.Sum();
        return [.. weights.Select(weight => weight / total)];
    }

    [TestMethod]
    public void MadeUpNumbersAreTheSameAgainAndOthersForAnotherHead()
    {
        foreach (string kind in SyntheticLayer.Kinds)
        {
            LayerSource source = LayerSource.Open(kind);
            Assert.AreEqual(kind, source.Name);
            float[] once = Numbers(source, 3, 300);
            CollectionAssert.AreEqual(once, Numbers(LayerSource.Open(kind), 3, 300));
            CollectionAssert.AreNotEqual(once, Numbers(source, 4, 300));
            Assert.IsTrue(once.All(float.IsFinite), kind);
        }

        Assert.AreEqual("sinks", LayerSource.Open("sink-heavy").Name);
        Assert.ThrowsExactly<UsageException>(() => LayerSource.Open("absent.gguf"));
    }

    [TestMethod]
    public void GaussianNumbersHaveMeanZeroAndVarianceOne()
    {
        float[] numbers = Numbers(LayerSource.Open("gaussian"), 0, 4096)[..(4096 * Dimension)];
        Assert.AreEqual(0, numbers.Average(x => (double)x), 0.01);
        Assert.AreEqual(1, numbers.Average(x => x * (double)x), 0.01);
        // A normal number's fourth moment is 3; the sum of four uniform ones has 2.7.
        Assert.AreEqual(2.7, numbers.Average(x => Math.Pow(x, 4)), 0.05);
    }

    [TestMethod]
    public void SinksTakeMostOfTheWeightAndClustersAFewKeys()
    {
        foreach (int count in (int[])[1024, 4096])
        {
            double[] sinks = Weights(LayerSource.Open("sinks"), count, count / 2);
            Assert.AreEqual(1 - SyntheticLayer.BesideSinks, sinks[..SyntheticLayer.SinkKeys].Sum(), 0.03);
            double[] clustered = Weights(LayerSource.Open("clustered"), count, count / 2);
            double few = clustered.OrderDescending().Take(2 * count / SyntheticLayer.Clusters).Sum();
            Assert.IsGreaterThan(0.9, few);
            double[] gaussian = Weights(LayerSource.Open("gaussian"), count, count / 2);
            Assert.IsLessThan(0.3, gaussian.OrderDescending().Take(2 * count / SyntheticLayer.Clusters).Sum());
        }
    }

    [TestMethod]
    public void SeveralLeavesAndInputsGiveARowEach()
    {
        JsonElement[] rows = Rows("--lengths", "640", "--leaf", "128,320", "--inputs", "gaussian,sinks", "--heads",
            "2");
        CollectionAssert.AreEqual(
            (string[])["gaussian 128 True", "gaussian 320 True", "gaussian 128 False", "sinks 128 True",
                "sinks 320 True", "sinks 128 False"],
            rows.Select(row => $"{row.GetProperty("inputs").GetString()} {row.GetProperty("leaf").GetInt32()} "
                + row.GetProperty("causal").GetBoolean()).ToArray());
        foreach (JsonElement row in rows)
        {
            Assert.AreEqual(2, row.GetProperty("heads").GetInt32());
            double median = row.GetProperty("error_median").GetDouble();
            Assert.IsGreaterThanOrEqualTo(median, row.GetProperty("error_worst").GetDouble());
            Assert.AreEqual(median, row.GetProperty("error_mean").GetDouble(), 1e-9, "of two heads");
        }

        Assert.AreEqual(rows[0].GetProperty("exact_ms").GetDouble(), rows[1].GetProperty("exact_ms").GetDouble());
        Assert.AreEqual(2, new TestConsole().Run([.. Small, "--inputs", "nothing"]));
        Assert.AreEqual(2, new TestConsole().Run([.. Small, "--leaf", "128,x"]));
        Assert.AreEqual(2, new TestConsole().Run("perplexity", TestData.Model("tales-cla2-q8_0.gguf"),
            TestData.Model("README.md"), "--attention", "hyper", "--attention-leaf", "128,256"));
    }

    [TestMethod]
    public void SomeOfTheExactQueriesTellAboutTheSameError()
    {
        string[] layer = ["--lengths", "1500", "--mask", "causal", "--heads", "1"];
        JsonElement all = Rows(layer)[0], some = Rows([.. layer, "--exact-every", "3"])[0];
        Assert.AreEqual(JsonValueKind.Null, some.GetProperty("exact_ms").ValueKind);
        Assert.AreEqual(JsonValueKind.Null, some.GetProperty("speedup").ValueKind);
        foreach (string name in (string[])["relative_error", "lse_error"])
        {
            double expected = all.GetProperty(name).GetDouble();
            Assert.AreEqual(expected, some.GetProperty(name).GetDouble(), 0.15 * expected, name);
        }

        // A block as long as the layer is exact, whichever queries are looked at.
        foreach (string every in (string[])["1", "7"])
        {
            string[] whole = ["--lengths", "600", "--block", "600", "--heads", "1"];
            foreach (JsonElement row in Rows([.. whole, "--exact-every", every]))
                Assert.IsLessThan(1e-5, row.GetProperty("relative_error").GetDouble());
        }
    }

    [TestMethod]
    public void CapturedLayersAreWhatAttentionSees()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "captured.gguf"), bad = Path.Combine(folder.Path, "bad.gguf");
        using (var file = new FileStream(path, FileMode.CreateNew)) file.Write(Capture(64, 2, 200));
        using (LayerSource source = LayerSource.Open(path))
        {
            Assert.AreEqual(8, source.Heads);
            Assert.AreEqual(200, source.Length);
            float[] numbers = Numbers(source, 7, 100);
            // Layer 1 of the file, query head 3, key head 1.
            Assert.AreEqual(Expected('q', 5, 3, 99, 63), numbers[(99 * 64) + 63]);
            Assert.AreEqual(Expected('k', 5, 1, 99, 0), numbers[(199 * 64)]);
            Assert.AreEqual(Expected('v', 5, 1, 0, 2), numbers[(200 * 64) + 2]);
        }

        JsonElement row = Rows("--lengths", "200", "--mask", "causal", "--leaf", "64", "--inputs", path)[0];
        Assert.AreEqual(8, row.GetProperty("heads").GetInt32());
        Assert.AreEqual("made", row.GetProperty("inputs").GetString());
        Assert.AreEqual(3, Rows("--lengths", "200", "--mask", "causal", "--inputs", path, "--heads", "3")[0]
            .GetProperty("heads").GetInt32());
        Assert.AreEqual(2, new TestConsole().Run([.. Small, "--lengths", "201", "--inputs", path]));
        foreach (byte[] damaged in (byte[][])[Capture(32, 2, 200), Capture(64, 3, 200), [1, 2, 3]])
        {
            File.WriteAllBytes(bad, damaged);
            var console = new TestConsole();
            Assert.AreEqual(1, console.Run([.. Small, "--inputs", bad]));
            Assert.Contains("bad.gguf", console.ErrorText);
        }

        var other = new TestConsole();
        Assert.AreEqual(1, other.Run([.. Small, "--inputs", TestData.Model("tales-cla2-q8_0.gguf")]));
        Assert.Contains("no capture", other.ErrorText);
    }

    [TestMethod]
    public void ACaptureReadsTheModelExactly()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "captured.gguf");
        using LanguageModel model = LanguageModel.Load(TestData.Model("tales-cla2-q8_0.gguf"));
        int[] tokens = [.. Enumerable.Range(0, 300).Select(i => 1 + (i * 7919 % 900))];
        LayerCapture.Save(model, tokens, [0, 1, 7], path, null, default);
        var config = model.Transformer.Config;
        using (GgufFile file = GgufFile.Open(path))
        {
            Assert.AreEqual(9, file.Tensors.Count);
            // Layers that share a cache have the same keys, but queries of their own.
            Assert.IsTrue(Same(file, "blk.0.k", "blk.1.k") == (config.Sharing.Group(0) == config.Sharing.Group(1)));
            Assert.IsFalse(Same(file, "blk.0.q", "blk.1.q"));
            Assert.IsTrue(file.TryGetTensor("blk.7.q", out GgufTensor? queries));
            CollectionAssert.AreEqual((long[])[config.KeyDimension, 300, config.Layers[7].Heads],
                queries.Dimensions.ToArray());
            foreach (GgufTensor tensor in file.Tensors)
            {
                // Every position and head was written: no row is zero.
                for (long row = 0; row < tensor.ElementCount; row += tensor.Dimensions[0])
                    Assert.AreNotEqual(0, new ReadOnlySpan<float>((float*)tensor.Data + row,
                        (int)tensor.Dimensions[0]).ToArray().Sum(Math.Abs));
            }
        }

        Assert.ThrowsExactly<ArgumentException>(() => LayerCapture.Save(model, tokens, [8], path, null, default));
        Assert.ThrowsExactly<ArgumentException>(() =>
            LayerCapture.Save(model, tokens[..128], [0], path, null, default));
    }

    [TestMethod]
    public void KdeFormerIsExactWhereItsBlockHoldsAllKeysAndUnbiasedElsewhere()
    {
        const int Count = 300;
        using var inputs = new LayerInputs(Count);
        LayerSource source = LayerSource.Open("gaussian");
        source.Fill(inputs, 0);
        double[] exact = ExactOutput(inputs, Count, source.Scale);
        Assert.IsLessThan(1e-5, Distance(Former(inputs, Count, source.Scale, Count, 1, 1), exact));
        var mean = new double[exact.Length];
        const int Seeds = 40;
        double single = 0;
        for (ulong seed = 1; seed <= Seeds; seed++)
        {
            double[] one = Former(inputs, Count, source.Scale, 32, 64, seed);
            single += Distance(one, exact) / Seeds;
            for (int i = 0; i < mean.Length; i++) mean[i] += one[i] / Seeds;
        }

        // The mean of forty is nearer by √40 or so, less the bias of a quotient.
        Assert.IsLessThan(0.4, single);
        Assert.IsLessThan(single / 3, Distance(mean, exact));
    }

    private static double[] Former(LayerInputs inputs, int count, float scale, int block, int samples, ulong seed)
    {
        var settings = new HyperSettings { Block = block, Samples = samples, Seed = seed };
        using var former = new KdeFormer(settings, count, count, Dimension);
        byte[] ranks = [.. Enumerable.Range(0, count).Select(i => (byte)(i * 37 % 128))];
        var output = new float[count * Dimension];
        fixed (float* result = output)
        {
            former.Attend(inputs.Queries.Pointer, inputs.Keys.Pointer, inputs.Values.Pointer, ranks, ranks, scale,
                result);
        }

        return [.. output.Select(x => (double)x)];
    }

    private static double[] ExactOutput(LayerInputs inputs, int count, float scale)
    {
        var output = new double[count * Dimension];
        for (int query = 0; query < count; query++)
        {
            double total = 0;
            for (int key = 0; key < count; key++)
            {
                double sum = 0;
                for (int k = 0; k < Dimension; k++)
                    sum += inputs.Queries.Pointer[(query * Dimension) + k]
                        * (double)inputs.Keys.Pointer[(key * Dimension) + k];
                double weight = Math.Exp(sum * scale);
                total += weight;
                for (int k = 0; k < Dimension; k++)
                    output[(query * Dimension) + k] += weight * inputs.Values.Pointer[(key * Dimension) + k];
            }

            for (int k = 0; k < Dimension; k++) output[(query * Dimension) + k] /= total;
        }

        return output;
    }

    private static double Distance(double[] found, double[] exact) => Math.Sqrt(
        found.Zip(exact, (a, b) => (a - b) * (a - b)).Sum() / exact.Sum(x => x * x));

    private static bool Same(GgufFile file, string one, string other)
    {
        Assert.IsTrue(file.TryGetTensor(one, out GgufTensor? a));
        Assert.IsTrue(file.TryGetTensor(other, out GgufTensor? b));
        return new ReadOnlySpan<byte>(a.Data, (int)a.Bytes).SequenceEqual(new ReadOnlySpan<byte>(b.Data, (int)b.Bytes));
    }

    private static float Expected(char what, int layer, int head, int position, int element) =>
        MathF.Sin((what * 1000) + (layer * 100) + (head * 10) + (position * 0.37f) + (element * 0.11f));

    /// <summary>A file with layers 2 and 5, four heads of queries.</summary>
    private static byte[] Capture(int dimension, int kvHeads, int length)
    {
        var writer = new GgufWriter();
        writer.Add(CapturedLayers.TypeKey, CapturedLayers.FileType);
        writer.Add(CapturedLayers.NameKey, "made");
        writer.Add(CapturedLayers.LayersKey, (uint[])[2, 5]);
        writer.Add(CapturedLayers.ScaleKey, 0.125f);
        foreach (int layer in (int[])[2, 5])
        {
            foreach (char what in "qkv")
            {
                int heads = what == 'q' ? 4 : kvHeads;
                var data = new float[heads * length * dimension];
                for (int i = 0; i < data.Length; i++)
                    data[i] = Expected(what, layer, i / dimension / length, i / dimension % length, i % dimension);
                writer.AddTensor($"blk.{layer}.{what}", WeightType.F32, [dimension, length, heads],
                    System.Runtime.InteropServices.MemoryMarshal.AsBytes(data.AsSpan()).ToArray());
            }
        }

        string path = Path.GetTempFileName();
        writer.Save(path);
        byte[] bytes = File.ReadAllBytes(path);
        File.Delete(path);
        return bytes;
    }
}
