using System.Globalization;
using System.Xml.Linq;
using Engine.Compare;
using Engine.Reports;
using Engine.Tests.Cli;

namespace Engine.Tests.Compare;

/// <summary>The comparison with the peer: what it reads, computes and writes.</summary>
[TestClass]
public sealed class CompareTests
{
    private const string Peer =
        """{"peer":"llama.cpp","model":"m","threads":1,"prefill_tps":P,"tg":64,"decode_tps":D}""";

    private const string Engine =
        """
        {"prefill_tokens_per_second":150,"decode_tokens_per_second":60.5,"bytes_per_token":200000000,
        "layer_multiply_adds":100000000,"head_multiply_adds":51200000,"weight_type":"Q4_0","isa":"avx512",
        "batch":4,"batch_decode_tokens_per_second":180,"read_gigabytes_per_second":19.5}
        """;

    private const string Limits =
        """
        {"threads":1,"read_gbps":20,"int8_gmacs":100,"int4_gmacs":150,"f32_gmacs":50,"avx_vnni":false}
        {"threads":2,"read_gbps":900,"int8_gmacs":190,"int4_gmacs":999,"f32_gmacs":98,"avx_vnni":false}
        """;

    [TestMethod]
    public void The_peer_counts_by_its_best_repetition()
    {
        string lines = "loading …\n" + Peer.Replace("P", "70").Replace("D", "40") + "\n"
            + Peer.Replace("P", "80.5").Replace("D", "30") + "\n";
        Sample sample = Sample.OfPeer(lines);
        Assert.AreEqual(80.5, sample.Prefill);
        Assert.AreEqual(40.0, sample.Decode);
        Assert.ThrowsExactly<FormatException>(() => Sample.OfPeer("loading …\n"));
    }

    [TestMethod]
    public void Figures_are_held_against_the_limits()
    {
        Results results = Measured();
        Sample run = results.Best("JIT", new Condition("m", 1, 0, 0))!;
        Assert.AreEqual(60.5 * 2e8 / 20e9, results.BandwidthFraction(run), 1e-12);
        // 512 tokens through the layers, the last one through the head: 100 M + 51.2 M / 512 each.
        Assert.AreEqual(150 * 100.1e6, Results.PrefillRate(run), 1);
        Assert.AreEqual(150 * 100.1e6 / 150e9, results.PeakFraction(run), 1e-12);
        Assert.AreEqual(100e9, results.Peak(run with { WeightType = "Q8_0" }));
        Assert.AreEqual(50e9, results.Peak(run with { WeightType = "F16" }));
        Assert.AreEqual(0, results.Peak(run with { Switches = "NEVER=1" }));
    }

    [TestMethod]
    public void A_limit_beyond_that_of_one_thread_times_n_is_cut()
    {
        Sample two = Measured().Limit(2, null)!;
        Assert.AreEqual(40, two.Read);
        Assert.AreEqual(190, two.Int8);
        Assert.AreEqual(300, two.Int4);
        Assert.AreEqual(98, two.F32);
    }

    [TestMethod]
    public void Vector_neural_instructions_have_no_use_for_fewer_bits()
    {
        Sample limit = Sample.OfLimits(Limits.Replace("false", "true")).First();
        var results = new Results([limit, EngineRun()]);
        Assert.AreEqual(100e9, results.Peak(EngineRun()));
    }

    [TestMethod]
    public void Tables_hold_ratios_and_parts()
    {
        string text = new Tables(Measured()).Write();
        Assert.Contains("| m | 1 | 40.0 | 60.5 | 1.51 | 12.1 | 60 % | 62 % |", text);
        Assert.Contains("| m | 1 | 80.5 | 150.0 | 1.86 | 15 | 10 % |", text);
        Assert.Contains("| m | 1 | JIT | 4 | 60.5 | 180.0 | 2.98 |", text);
        Assert.Contains("| m | 2 | 1 | JIT | 60.5 | 55.0 | 0.91 |", text);
        Assert.Contains("| 2 | none | 40.0 |", text);
        foreach (string line in text.Split('\n').Where(line => line.StartsWith('|')))
            Assert.IsGreaterThan(3, line.Count(c => c == '|'), line);
    }

    [TestMethod]
    public void Samples_survive_their_file()
    {
        Sample run = EngineRun();
        Sample machine = new() { Kind = Sample.Machine, Facts = ["a", "b"] };
        Assert.AreEqual(run, Sample.Parse(run.ToJson()));
        CollectionAssert.AreEqual(new[] { "a", "b" }, Sample.Parse(machine.ToJson()).Facts!.ToArray());
        Assert.DoesNotContain("busy", run.ToJson());
    }

    [TestMethod]
    public void Writing_again_changes_only_what_was_measured()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("performance.md", "# Performance\n\nBy hand.\n");
        ReportDocument.Write(path, "Small shape", Measured());
        string once = File.ReadAllText(path);
        Assert.StartsWith("# Performance\n\nBy hand.\n\n## Small shape\n", once);
        File.WriteAllText(path, once + "\nBelow, by hand.\n");
        ReportDocument.Write(path, "Small shape", Measured());
        Assert.AreEqual(once + "\nBelow, by hand.\n", File.ReadAllText(path));
        ReportDocument.Write(path, "Other", Measured());
        Assert.StartsWith(once + "\nBelow, by hand.\n", File.ReadAllText(path));
        Assert.IsTrue(File.Exists(System.IO.Path.Combine(folder.Path, "performance-small-shape-decode.svg")));
        Assert.IsTrue(File.Exists(System.IO.Path.Combine(folder.Path, "performance-small-shape-prefill.svg")));
    }

    [TestMethod]
    public void Half_a_mark_is_an_error()
    {
        string document = MeasuredSection.Replace("text", "s", "content");
        Assert.ThrowsExactly<FormatException>(() =>
            MeasuredSection.Replace(document.Replace("<!-- end of s -->", ""), "s", "content"));
        Assert.ThrowsExactly<FormatException>(() =>
            MeasuredSection.Replace(document.Replace("<!-- measured: s -->", ""), "s", "content"));
    }

    [TestMethod]
    public void The_chart_is_well_formed_and_bars_are_as_long_as_ratios()
    {
        var chart = new RatioChart("A < B", "the limit");
        chart.Add("m & n", "JIT", speed: 30, peer: 20, limit: 40);
        chart.Add("m & n", "AOT", speed: 15, peer: 20, limit: 40);
        chart.Add("nothing", "JIT", speed: 0, peer: 20, limit: 0);
        XElement root = XDocument.Parse(chart.Draw()).Root!;
        Assert.AreEqual("A < B", root.Elements().First(element => element.Name.LocalName == "title").Value);
        double[] bars = [.. root.Elements().Where(element => element.Name.LocalName == "rect"
            && element.Attribute("height")!.Value == "14" && element.Attribute("width")!.Value != "3")
            .Select(element => double.Parse(element.Attribute("width")!.Value, CultureInfo.InvariantCulture))];
        Assert.HasCount(2, bars);
        Assert.AreEqual(2, bars[0] / bars[1], 0.01);
        Assert.Contains("1.50×  30.0 tokens/s", root.Value);
    }

    [TestMethod]
    [DataRow("JIT=/a/engine,DOTNET_EnableAVX512=0,X=y=z", "JIT", "/a/engine", "DOTNET_EnableAVX512=0 X=y=z")]
    [DataRow("/a/engine", "Engine", "/a/engine", "")]
    public void Builds_have_a_label_and_switches(string text, string label, string path, string switches)
    {
        EngineVariant variant = EngineVariant.Parse(text);
        Assert.AreEqual(label, variant.Label);
        Assert.AreEqual(path, variant.Path);
        Assert.AreEqual(switches, variant.Switches);
        Assert.ThrowsExactly<FormatException>(() => EngineVariant.Parse(text + ",novalue"));
    }

    [TestMethod]
    public void Commands_are_shown_without_folders() => Assert.AreEqual(
        "--engine JIT=engine,A=0 --model \"1B Q4_0=1b.gguf\" docs/performance.md",
        Machine.WithoutFolders("--engine JIT=/x/y/engine,A=0 --model \"1B Q4_0=/tmp/m/1b.gguf\" docs/performance.md"));

    [TestMethod]
    public void Every_condition_is_measured_once()
    {
        var plan = new Plan
        {
            Variants = [],
            Models = [],
            Threads = [1, 2],
            Depths = [0, 4096],
            Busy = [0, 1],
        };
        CollectionAssert.AreEqual(new Condition[]
        {
            new("m", 1, 0, 0), new("m", 1, 4096, 0), new("m", 1, 0, 1),
            new("m", 2, 0, 0), new("m", 2, 4096, 0), new("m", 2, 0, 1),
        }, plan.Conditions(new ModelFile("m", "p")).ToArray());
    }

    [TestMethod]
    public async Task A_program_that_fails_says_why()
    {
        using var folder = new TemporaryFolder();
        var absent = new ExternalProgram(System.IO.Path.Combine(folder.Path, "absent"));
        await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => absent.RunAsync([], default));
        var failing = new ExternalProgram(typeof(global::Engine.Cli.CliApplication).Assembly.Location);
        InvalidOperationException error = await Assert.ThrowsExactlyAsync<InvalidOperationException>(() =>
            failing.RunAsync(["bench", "no-such-model.gguf"], default));
        Assert.Contains("no-such-model.gguf", error.Message);
        Assert.Contains("exit code 1", error.Message);
    }

    private static Sample EngineRun() => Sample.OfEngine(Engine) with
    {
        Program = "JIT",
        Switches = "",
        Model = "m",
        Threads = 1,
        PrefillTokens = 512,
    };

    private static Results Measured()
    {
        Sample peer = Sample.OfPeer(Peer.Replace("P", "80.5").Replace("D", "40"))
            with { Model = "m", Threads = 1, PrefillTokens = 512 };
        Sample worse = EngineRun() with { Prefill = 20, Decode = 60, Round = 1 };
        Sample busy = EngineRun() with { Prefill = 0, Decode = 55, BatchDecode = 0, Threads = 2, Busy = 1 };
        return new Results([new Sample { Kind = Sample.Machine, Facts = ["a machine"] }, .. Sample.OfLimits(Limits),
            peer, EngineRun(), worse, busy]);
    }
}
