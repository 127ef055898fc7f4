using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Engine.Isa;

namespace Engine.Tests.Cli;

[TestClass]
public sealed class CommandTests
{
    private static readonly string Tales = TestData.Model("tales-cla2-q8_0.gguf");
    private static readonly string Twin = TestData.Model("tales-mqa-q8_0.gguf");

    private static JsonElement Json(params string[] arguments)
    {
        var console = new TestConsole();
        Assert.AreEqual(0, console.Run([.. arguments, "--json"]), console.ErrorText);
        return console.Json();
    }

    private static int[] Integers(JsonElement json, string name) =>
        [.. json.GetProperty(name).EnumerateArray().Select(value => value.GetInt32())];

    [TestMethod]
    public void InfoShowsHalfTheCacheForTheModelThatShares()
    {
        JsonElement shared = Json("info", Tales);
        JsonElement plain = Json("info", Twin);
        long half = shared.GetProperty("cache").GetProperty("bytes_per_token").GetInt64();
        Assert.AreEqual(plain.GetProperty("cache").GetProperty("bytes_per_token").GetInt64(), 2 * half);
        CollectionAssert.AreEqual(new[] { 0, 0, 2, 2, 4, 4, 6, 6 }, Integers(shared.GetProperty("sharing"), "map"));
        Assert.AreEqual("llama", shared.GetProperty("architecture").GetString());
        Assert.AreEqual(8, shared.GetProperty("metadata").GetProperty("llama.block_count").GetInt32());
        Assert.AreEqual(70, shared.GetProperty("tensors").GetArrayLength());
        var text = new TestConsole();
        Assert.AreEqual(0, text.Run("info", Tales, "--tensors"));
        Assert.Contains("8 layers, 4 caches", text.OutputText);
        Assert.Contains("1024 bytes per token", text.OutputText);
        Assert.Contains("blk.0.attn_q.weight", text.OutputText);
    }

    [TestMethod]
    public void TokenizeGivesIdsPiecesAndSplits()
    {
        const string Text = "Once upon<|endoftext|>";
        JsonElement json = Json("tokenize", Tales, "--text", Text, "--split");
        int[] ids = Integers(json, "tokens");
        Assert.AreEqual(0, ids[0], "the metadata asks for BOS");
        Assert.AreEqual(0, ids[^1], "the special token is recognised");
        Assert.AreEqual(ids.Length, json.GetProperty("pieces").GetArrayLength());
        Assert.AreEqual("Once", json.GetProperty("splits")[0].GetString());
        JsonElement plain = Json("tokenize", Tales, "--text", Text, "--no-special");
        Assert.IsGreaterThan(ids.Length, plain.GetProperty("tokens").GetArrayLength());
        Assert.IsFalse(plain.TryGetProperty("splits", out _));
        var text = new TestConsole();
        Assert.AreEqual(0, text.Run("tokenize", Tales, "--text", Text));
        Assert.AreEqual(string.Join(' ', ids), text.OutputText.Trim());
    }

    [TestMethod]
    public void TemplatePrintsExactlyItsText()
    {
        using var folder = new TemporaryFolder();
        string template = folder.Write("t.jinja",
            "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}é");
        string input = folder.Write("i.json", """{"messages":[{"role":"user","content":"Hi"}]}""");
        var console = new TestConsole();
        Assert.AreEqual(0, console.Run("template", template, input), console.ErrorText);
        Assert.AreEqual("user: Hi\né", console.OutputText);
        var broken = new TestConsole();
        Assert.AreEqual(1, broken.Run("template", folder.Write("b.jinja", "{% for %}"), input));
        Assert.StartsWith("engine: ", broken.ErrorText);
        var raised = new TestConsole();
        string raising = folder.Write("r.jinja", "a{{ raise_exception('no\\n way') }}");
        Assert.AreEqual(1, raised.Run("template", raising, input));
        Assert.AreEqual("engine: no\n way\n", raised.ErrorText);
        Assert.AreEqual("", raised.OutputText);
        var refused = new TestConsole();
        Assert.AreEqual(1, refused.Run("template", template, folder.Write("b.json", "{")));
        Assert.AreEqual("", refused.OutputText);
    }

    [TestMethod]
    [DataRow("0")]
    [DataRow("3")]
    public void LogitsAreThoseOfTheReference(string chunk)
    {
        using var folder = new TemporaryFolder();
        string model = TestData.Path("conformance", "cla2-mqa.gguf");
        string json = File.ReadAllText(TestData.Path("conformance", "cla2-mqa.json"));
        using JsonDocument record = JsonDocument.Parse(json);
        string ids = string.Join("\n ", Integers(record.RootElement, "tokens"));
        string output = Path.Combine(folder.Path, "logits.f32");
        Json("logits", model, "--tokens", folder.Write("ids.txt", ids + "\n"), "--output", output, "--chunk", chunk,
            "--cache-type", "f32");
        byte[] reference = File.ReadAllBytes(TestData.Path("conformance", "cla2-mqa.logits.f32"));
        ReadOnlySpan<float> expected = MemoryMarshal.Cast<byte, float>(reference);
        ReadOnlySpan<float> found = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(output));
        Assert.AreEqual(expected.Length, found.Length);
        float tolerance = record.RootElement.GetProperty("tolerance").GetSingle();
        for (int i = 0; i < found.Length; i++) Assert.AreEqual(expected[i], found[i], tolerance);
        var wrong = new TestConsole();
        Assert.AreEqual(1, wrong.Run("logits", model, "--tokens", folder.Write("bad.txt", "1 99999"),
            "--output", Path.Combine(folder.Path, "bad.f32")));
        Assert.Contains("99999", wrong.ErrorText);
        Assert.IsFalse(File.Exists(Path.Combine(folder.Path, "bad.f32")));
    }

    [TestMethod]
    public void PerplexityScoresTheWindowsAsLlamaCppDoes()
    {
        string text = TestData.Path("golden", "tales-validation.txt");
        JsonElement half = Json("perplexity", Tales, text, "--context", "64", "--chunks", "2");
        Assert.AreEqual(2 * 31, half.GetProperty("tokens").GetInt32());
        Assert.AreEqual(2, half.GetProperty("windows").GetInt32());
        JsonElement all = Json("perplexity", Tales, text, "--context", "64", "--chunks", "2", "--score", "all");
        Assert.AreEqual(2 * 63, all.GetProperty("tokens").GetInt32());
        double nll = all.GetProperty("nll").GetDouble();
        Assert.IsTrue(nll is > 2 and < 6, $"{nll}");
        Assert.AreEqual(Math.Exp(nll), all.GetProperty("perplexity").GetDouble(), 1e-9);
        var small = new TestConsole();
        using var folder = new TemporaryFolder();
        Assert.AreEqual(1, small.Run("perplexity", Tales, folder.Write("s.txt", "too short")));
    }

    /// <summary>Within 0.5 % of a float32 computation, as 8-bit activations allow.</summary>
    [TestMethod]
    public void PerplexityOfARealModelIsTheReferences()
    {
        string book = TestData.SharedOrSkip("text", "alice.txt");
        string golden = File.ReadAllText(TestData.Path("golden", "likelihood.json"));
        JsonElement windows = JsonDocument.Parse(golden).RootElement.GetProperty("windows");
        double expected = windows.EnumerateArray().Take(2).Average(window => window.GetProperty("nll").GetDouble());
        JsonElement json = Json("perplexity", TestData.Model("smollm2-135m-instruct-q4_1.gguf"), book,
            "--chunks", "2", "--score", "all");
        Assert.AreEqual(2 * 511, json.GetProperty("tokens").GetInt32());
        Assert.AreEqual(expected, json.GetProperty("nll").GetDouble(), 0.005 * expected);
    }

    [TestMethod]
    public void BenchReportsTheBestAndEveryRepetition()
    {
        JsonElement json = Json("bench", Tales, "--prefill", "16", "--decode", "8", "--depth", "4",
            "--repetitions", "2");
        JsonElement runs = json.GetProperty("repetitions");
        Assert.AreEqual(2, runs.GetArrayLength());
        foreach (string name in (string[])["prefill_tokens_per_second", "decode_tokens_per_second"])
            Assert.AreEqual(runs.EnumerateArray().Max(run => run.GetProperty(name).GetDouble()),
                json.GetProperty(name).GetDouble());
        Assert.IsGreaterThan(1_000_000, json.GetProperty("bytes_per_token").GetInt64());
        Assert.AreEqual("Q8_0", json.GetProperty("weight_type").GetString());
        // 34 bytes hold 32 weights, and the norms are no matrices.
        long weights = (json.GetProperty("bytes_per_token").GetInt64()
            - 4 * json.GetProperty("cache_bytes_per_token").GetInt64()) / 34 * 32;
        Assert.AreEqual(weights, json.GetProperty("layer_multiply_adds").GetInt64()
            + json.GetProperty("head_multiply_adds").GetInt64());
        Assert.IsTrue(InstructionSets.TryParse(json.GetProperty("isa").GetString()!, out _));
    }

    [TestMethod]
    public void SelfTestListsTheChosenKernels()
    {
        JsonElement json = Json("selftest", "--cells");
        string best = InstructionSets.NameOf(InstructionSets.Best);
        Assert.AreEqual(best, json.GetProperty("isa").GetString());
        JsonElement cells = json.GetProperty("cells");
        Assert.AreEqual(InstructionSets.Supported.Count, cells.EnumerateObject().Count());
        Assert.StartsWith($"Q4_0 {best} ", cells.GetProperty(best).GetProperty("Q4_0").GetString()!);
        var console = new TestConsole("");
        Assert.AreEqual(0, console.Run("selftest", "--cells"), console.ErrorText);
        Assert.Contains($"{best} Q4_0: Q4_0 {best} ", console.OutputText);
    }

    [TestMethod]
    public void BenchMeasuresBatchesNeighboursAndMemory()
    {
        JsonElement json = Json("bench", Tales, "--prefill", "0", "--decode", "4", "--depth", "2", "--threads", "2",
            "--repetitions", "1", "--batch", "3", "--busy", "1", "--bandwidth");
        double decode = Number("decode_tokens_per_second");
        double single = Number("single_thread_decode_tokens_per_second");
        Assert.AreEqual(Number("batch_decode_tokens_per_second") / decode, Number("batch_speedup"), 1e-9);
        Assert.AreEqual(Number("busy_decode_tokens_per_second") / single, Number("busy_to_single_thread"), 1e-9);
        double read = Number("read_gigabytes_per_second") * 1e9;
        Assert.AreEqual(Number("bytes_per_token") * decode / read, Number("bandwidth_fraction"), 1e-9);
        Assert.IsGreaterThan(0.0, read);
        JsonElement run = json.GetProperty("repetitions").EnumerateArray().Single();
        foreach (string name in (string[])["decode_tokens_per_second", "batch_decode_tokens_per_second",
            "busy_decode_tokens_per_second", "single_thread_decode_tokens_per_second", "read_gigabytes_per_second"])
            Assert.AreEqual(Number(name), run.GetProperty(name).GetDouble());

        double Number(string name) => json.GetProperty(name).GetDouble();
    }

    [TestMethod]
    public void BenchTablesHoldWhatWasMeasuredAndNothingElse()
    {
        string[] all = Table("--prefill", "8", "--decode", "4", "--depth", "2", "--threads", "2", "--batch", "3",
            "--busy", "1", "--bandwidth");
        Assert.Contains(", 2 threads, depth 2, ", all[0]);
        Assert.AreEqual("| repetition | prefill tokens/s | decode tokens/s | 3 sequences tokens/s "
            + "| beside 1 busy tokens/s | one thread tokens/s | memory GB/s |", all[1]);
        foreach (string row in all[2..6]) Assert.AreEqual(8, row.Count(c => c == '|'), row);
        Assert.DoesNotContain(" 0.0 ", string.Join('\n', all));
        Assert.MatchesRegex("^3 sequences: [0-9.]+ times one$", all[6]);
        Assert.MatchesRegex("^beside 1 busy: [0-9.]+ times one thread$", all[7]);
        Assert.MatchesRegex("^undisturbed: [0-9.]+ times one thread$", all[8]);
        Assert.MatchesRegex("^memory: decode uses [0-9]+ % of what the same threads read$", all[9]);
        string[] prompt = Table("--prefill", "8", "--decode", "0", "--bandwidth");
        Assert.AreEqual("| repetition | prefill tokens/s | memory GB/s |", prompt[1]);
        Assert.HasCount(6, prompt);

        static string[] Table(params string[] options)
        {
            var console = new TestConsole();
            Assert.AreEqual(0, console.Run(["bench", Tales, "--repetitions", "2", .. options]), console.ErrorText);
            return console.OutputText.TrimEnd().Split('\n');
        }
    }

    [TestMethod]
    public void BenchTellsThePeakOfResidentMemory()
    {
        long bytes = Json("bench", Tales, "--prefill", "8", "--decode", "1", "--repetitions", "1")
            .GetProperty("peak_resident_bytes").GetInt64();
        Assert.IsGreaterThan(Environment.WorkingSet / 4, bytes);
        if (!OperatingSystem.IsLinux()) return;
        string line = File.ReadLines("/proc/self/status")
            .Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        long now = long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture);
        Assert.IsLessThanOrEqualTo(now * 1024, bytes);
    }

    [TestMethod]
    public void ChatAnswersForgetsAndLeaves()
    {
        var console = new TestConsole("Hi\n\n/reset\nHi\n/exit\nnever read\n");
        Assert.AreEqual(0, console.Run("chat", "--greedy", "--max-tokens", "6", "--json"), console.ErrorText);
        string[] lines = console.OutputText.Trim().Split('\n');
        Assert.HasCount(2, lines);
        Assert.AreEqual(lines[0], lines[1], "after /reset the same question has the same answer");
        Assert.AreEqual("length", JsonDocument.Parse(lines[0]).RootElement.GetProperty("stop_reason").GetString());
        var tales = new TestConsole("Hi\n");
        Assert.AreEqual(1, tales.Run("chat", Tales));
        Assert.Contains("chat template", tales.ErrorText);
    }

    [TestMethod]
    public void CtrlCInAChatStopsTheAnswerOnly()
    {
        int stops = 0;
        var console = new TestConsole("Tell me a story.\nHi\n")
        {
            Watch = (self, _) =>
            {
                if (stops == 0 && self.Interrupt()) stops++;
            },
        };
        Assert.AreEqual(0, console.Run("chat", "--greedy", "--max-tokens", "30"), console.ErrorText);
        Assert.AreEqual(1, stops);
        Assert.Contains("[stopped]", console.ErrorText);
    }
}
