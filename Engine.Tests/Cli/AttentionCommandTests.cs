using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Engine.Tests.Cli;

/// <summary>Approximate attention from the command line and the library.</summary>
[TestClass]
public sealed class AttentionCommandTests
{
    private static readonly string Tales = TestData.Model("tales-cla2-q8_0.gguf");
    private static readonly string[] Small = ["--attention-leaf", "64", "--attention-block", "32",
        "--attention-sample", "32", "--attention-sinks", "8"];

    private static readonly AttentionOptions Approximate = new()
    {
        Mode = AttentionMode.Hyper, Leaf = 64, Block = 32, Samples = 32, Sinks = 8,
    };

    private static JsonElement Json(params string[] arguments)
    {
        var console = new TestConsole();
        Assert.AreEqual(0, console.Run([.. arguments, "--json"]), console.ErrorText);
        return console.Json();
    }

    [TestMethod]
    public void BenchMeasuresALayer()
    {
        JsonElement rows = Json("bench", "--attention-layer", "--lengths", "512,1024", "--leaf", "128", "--block", "32",
            "--sample", "32", "--sinks", "0", "--band", "0", "--heads", "1", "--threads", "1", "--repetitions", "1")
            .GetProperty("rows");
        Assert.AreEqual(4, rows.GetArrayLength());
        foreach (JsonElement row in rows.EnumerateArray())
        {
            Assert.AreEqual(128, row.GetProperty("leaf").GetInt32());
            Assert.AreEqual(row.GetProperty("exact_ms").GetDouble() / row.GetProperty("hyper_ms").GetDouble(),
                row.GetProperty("speedup").GetDouble(), 1e-9);
            Assert.IsGreaterThan(0, row.GetProperty("relative_error").GetDouble());
            Assert.IsLessThan(2, row.GetProperty("relative_error").GetDouble());
        }

        long Bytes(int row) => rows[row].GetProperty("peak_bytes").GetInt64();
        Assert.AreEqual(2, (double)Bytes(2) / Bytes(0), 0.1, "linear in the length");
        Assert.AreEqual(2, new TestConsole().Run("bench", "--attention-layer", "--lengths", "1,x"));
        Assert.AreEqual(2, new TestConsole().Run("bench", "--attention-layer", "--block", "0", "--sample", "0",
            "--sinks", "0", "--lengths", "128"), "without mask a query would see nothing");
        Assert.AreEqual(2, new TestConsole().Run("bench", Tales, "--attention-layer"));
        Assert.AreEqual(2, new TestConsole().Run("bench"));
    }

    [TestMethod]
    public void CalibrationIsFoundBesideTheModel()
    {
        using var folder = new TemporaryFolder();
        string model = Path.Combine(folder.Path, "tales.gguf"), text = Path.Combine(folder.Path, "text.txt");
        File.Copy(Tales, model);
        File.WriteAllText(text, Story());
        JsonElement measured = Json(["calibrate", model, text, "--lengths", "256,448", .. Small,
            "--svg", Path.Combine(folder.Path, "heads.svg")]);
        string sidecar = measured.GetProperty("output").GetString()!;
        Assert.AreEqual(model + AttentionCalibration.FileSuffix, sidecar);
        Assert.IsFalse(File.Exists(sidecar + ".tmp"));
        StringAssert.StartsWith(File.ReadAllText(Path.Combine(folder.Path, "heads.svg")), "<svg");
        AttentionCalibration calibration = AttentionCalibration.Load(sidecar);
        Assert.AreEqual(8, calibration.LayerCount);
        Assert.IsGreaterThan(0, calibration.ErrorOf(3, 1));
        JsonElement found = Json(["perplexity", model, text, "--context", "448", "--attention", "hyper", .. Small,
            "--attention-threshold", "0.2"]);
        StringAssert.Contains(found.GetProperty("attention").GetString(), "calibrated:0.2");
        double none = Nll(model, text, "--attention", "hyper", "--attention-threshold", "0");
        double exact = Nll(model, text, "--attention", "exact"), all = Nll(model, text, "--attention", "hyper",
            "--layers", "all");
        Assert.AreEqual(exact, none, 1e-9);
        Assert.AreNotEqual(exact, all);
        Assert.AreEqual(exact, all, 0.2);

        File.WriteAllText(sidecar, File.ReadAllText(sidecar).Replace("\"version\": 1", "\"version\": 2"));
        Refused(model, text, "version 2");
        calibration.Save(sidecar);
        File.AppendAllText(model, "x");
        Refused(model, text, "bytes");
        File.WriteAllText(sidecar, "{");
        Refused(model, text, "not a calibration");
    }

    [TestMethod]
    public void WithoutBlocksAndSamplesItIsAWindow()
    {
        using var folder = new TemporaryFolder();
        string text = Path.Combine(folder.Path, "text.txt");
        File.WriteAllText(text, Story());
        double exact = Nll(Tales, text, "--attention", "exact");
        double window = Window(text);
        Assert.AreNotEqual(exact, window);
        Assert.AreEqual(exact, window, 0.5);
        Assert.AreEqual(exact, Window(text, "--attention-band", "448"), 1e-9, "a band over all is exact");
        Assert.AreEqual(2, new TestConsole().Run("perplexity", Tales, text, "--attention-block", "-1"));
        Assert.AreEqual(2, new TestConsole().Run("perplexity", Tales, text, "--attention-sample", "-1"));
        using LanguageModel model = LanguageModel.Load(Tales);
        foreach (AttentionOptions wrong in (AttentionOptions[])[Approximate with { Block = -1 },
            Approximate with { Samples = -1 }])
        {
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
                model.CreateSession(new SessionOptions { Attention = wrong }));
        }
    }

    [TestMethod]
    public void LayersAreChecked()
    {
        Assert.AreEqual(2, new TestConsole().Run("perplexity", Tales, Tales, "--attention", "some"));
        Assert.AreEqual(2, new TestConsole().Run("perplexity", Tales, Tales, "--layers", "last:x"));
        using LanguageModel model = LanguageModel.Load(Tales);
        foreach (string text in (string[])["all", "last:3", "0,5"])
        {
            Assert.IsTrue(AttentionLayers.TryParse(text, out AttentionLayers layers));
            Assert.AreEqual(text, layers.ToString());
        }

        var missing = new SessionOptions { Attention = Approximate with { Layers = AttentionLayers.Of(8) } };
        Assert.Contains("layer 8", Assert.ThrowsExactly<ArgumentException>(() => model.CreateSession(missing)).Message);
        var narrow = new SessionOptions { Attention = Approximate with { Sinks = 64 } };
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => model.CreateSession(narrow));
    }

    [TestMethod]
    [DataRow(32, 32)]
    [DataRow(0, 32)]
    [DataRow(0, 0)]
    public void ThreadsChangeNoBitAndNothingIsAllocated(int block, int samples)
    {
        AttentionOptions attention = Approximate with { Block = block, Samples = samples };
        int[] tokens = Tokens(600);
        float[]? expected = null;
        foreach (int threads in (int[])[1, 2])
        {
            using LanguageModel model = LanguageModel.Load(Tales, new ModelOptions { Threads = threads });
            using Session session = model.CreateSession(
                new SessionOptions { ContextLength = 640, Attention = attention });
            var time = new Stopwatch();
            model.Transformer.Forward.AttentionTime = time;
            float[] logits = session.Prefill(tokens).ToArray();
            if (expected is not null) CollectionAssert.AreEqual(expected, logits);
            expected = logits;
            long least = long.MaxValue;
            for (int round = 0; round < 6; round++)
            {
                session.Reset();
                long before = GC.GetTotalAllocatedBytes(precise: true);
                session.Prefill(tokens);
                for (int i = 0; i < 16; i++) session.Prefill(tokens.AsSpan(i, 1));
                least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
            }

            Assert.AreEqual(0, least);
            Assert.IsFalse(time.IsRunning);
            Assert.IsGreaterThan(TimeSpan.Zero, time.Elapsed);
        }
    }

    [TestMethod]
    public void LongPromptsAreApproximateAndShortOnesExact()
    {
        int[] tokens = Tokens(600);
        using LanguageModel model = LanguageModel.Load(Tales);
        float[] Logits(AttentionOptions attention, int count)
        {
            using Session session = model.CreateSession(
                new SessionOptions { ContextLength = 640, Attention = attention });
            return session.Prefill(tokens.AsSpan(0, count)).ToArray();
        }

        CollectionAssert.AreEqual(Logits(new AttentionOptions(), 150), Logits(Approximate, 150));
        CollectionAssert.AreNotEqual(Logits(new AttentionOptions(), 600), Logits(Approximate, 600));
        CollectionAssert.AreEqual(Logits(new AttentionOptions(), 600),
            Logits(Approximate with { MinimumLength = 600 }, 600));
        CollectionAssert.AreEqual(Logits(new AttentionOptions(), 600),
            Logits(Approximate with { Layers = AttentionLayers.Last(0) }, 600));
        CollectionAssert.AreNotEqual(Logits(Approximate, 600), Logits(Approximate with { Seed = 2 }, 600));
    }

    private static void Refused(string model, string text, string reason)
    {
        var console = new TestConsole();
        Assert.AreEqual(1, console.Run(["perplexity", model, text, "--context", "448", "--attention", "auto",
            .. Small]), reason);
        Assert.Contains(reason, console.ErrorText);
    }

    private static double Nll(string model, string text, params string[] options) =>
        Json(["perplexity", model, text, "--context", "448", "--cache-type", "f32", .. Small, .. options])
            .GetProperty("nll").GetDouble();

    private static double Window(string text, params string[] options) =>
        Json(["perplexity", Tales, text, "--context", "448", "--cache-type", "f32", "--attention", "hyper",
            "--attention-leaf", "64", "--attention-sinks", "8", "--attention-block", "0", "--attention-sample", "0",
            .. options]).GetProperty("nll").GetDouble();

    private static int[] Tokens(int count)
    {
        var tokens = new int[count];
        uint state = 1;
        for (int i = 0; i < count; i++)
        {
            state = (state * 1664525) + 1013904223;
            tokens[i] = 1 + (int)(state >> 16) % 900;
        }

        return tokens;
    }

    private static string Story() => string.Join(' ', Enumerable.Range(0, 400).Select(i => string.Create(
        CultureInfo.InvariantCulture, $"Once there was a fox who had {i} eggs and gave {i % 7} of them to a bird.")));
}
