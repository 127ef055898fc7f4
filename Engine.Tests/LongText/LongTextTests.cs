using System.Xml.Linq;
using Engine.LongText;
using Engine.Tests.Cli;

namespace Engine.Tests.LongText;

/// <summary>The long text of Figure 3: what is measured, and what is written about it.</summary>
[TestClass]
public sealed class LongTextTests
{
    private static readonly string Tales = TestData.Model("tales-cla2-q8_0.gguf");

    [TestMethod]
    public void Keys_are_counted_by_hand()
    {
        Dictionary<string, Setting> last = All(8192).GroupBy(setting => setting.Series)
            .ToDictionary(group => group.Key, group => group.Last());
        Assert.AreEqual(4096.5, last[Setting.Exact].KeysPerQuery(8192));
        // Half a block; an own block and a sample for each of the runs, 12 in the prefixes of blocks 0 to 7.
        Assert.AreEqual(512.5 + (12 * 512 / 8.0), last[Setting.Paper].KeysPerQuery(8192));
        // 16 blocks: half a block, a band for 15 and sinks for 14; 28 runs, the shortest of which lacks the sinks.
        Assert.AreEqual(256.5 + (((15 * 512) + (14 * 64) + (28 * 512) - 64) / 16.0),
            last[Setting.Defaults].KeysPerQuery(8192));
        Assert.AreEqual(last[Setting.Defaults].KeysPerQuery(8192), last[Setting.Window].KeysPerQuery(8192), 50);
        Assert.AreEqual(0, last[Setting.Window].Options.Block + last[Setting.Window].Options.Samples);
        Assert.AreEqual(3 * 512, last[Setting.Window].Options.Band);
        // A band over all sees what is exact.
        Setting all = last[Setting.Window] with { Options = last[Setting.Window].Options with { Band = 8192 } };
        Assert.AreEqual(4096.5, all.KeysPerQuery(8192));
    }

    [TestMethod]
    public void Settings_come_by_series()
    {
        Setting[] some = [.. Setting.Of([Setting.Window, Setting.Exact], [1, 4], [0.1],
            () => throw new InvalidOperationException("no calibration is needed"), 4096)];
        CollectionAssert.AreEqual(new[] { "exact ", "window last layer", "window last 4 layers" },
            some.Select(setting => $"{setting.Series} {setting.Name}").ToArray());
        Assert.AreEqual("last:4", some[2].Options.Layers.ToString());
        Assert.ThrowsExactly<InvalidOperationException>(() => Setting.Of([Setting.Calibrated], [], [0.1],
            () => throw new InvalidOperationException(), 4096).ToArray());
    }

    [TestMethod]
    public void What_is_known_is_not_measured_again()
    {
        var plan = new Plan { Model = "a/m.gguf", Text = "b/t.txt", Tokens = 100, Threads = [1, 2], Rounds = 2 };
        Setting exact = new(Setting.Exact, "", new AttentionOptions());
        LongTextSample quality = Sample(Setting.Exact, "", heads: 0, nll: 3);
        LongTextSample once = Sample(Setting.Exact, "", heads: 0, threads: 2, attention: 1, prefill: 2);
        CollectionAssert.AreEqual(new[] { 0, 1, 2, 1, 2 }, Threads(plan));
        CollectionAssert.AreEqual(new[] { 1, 1, 2 }, Threads(plan, quality, once));
        CollectionAssert.AreEqual(new[] { 1, 1 }, Threads(plan, quality, once, once));
        CollectionAssert.AreEqual(new[] { 0 }, Threads(plan with { Time = false }, once));
        CollectionAssert.AreEqual(new[] { 0, 1, 2, 1, 2 }, Threads(plan with { Tokens = 99 }, quality, once));
        CollectionAssert.AreEqual(new[] { 0, 1, 2, 1, 2 }, Threads(plan with { Text = "c/u.txt" }, quality, once));

        int[] Threads(Plan what, params LongTextSample[] samples) =>
            [.. what.Jobs([exact], samples).Select(job => job.Threads)];
    }

    [TestMethod]
    public void Only_what_samples_is_scored_with_several_seeds()
    {
        var plan = new Plan { Model = "m.gguf", Text = "t.txt", Tokens = 100, Threads = [1], Time = false, Seeds = 3 };
        Setting[] all = [.. All(100).Where(setting => setting.Name is "" or "last 5 layers")];
        (string, ulong)[] expected =
        [
            (Setting.Exact, 1), (Setting.Paper, 1), (Setting.Defaults, 1), (Setting.Window, 1),
            (Setting.Paper, 2), (Setting.Defaults, 2), (Setting.Paper, 3), (Setting.Defaults, 3),
        ];
        CollectionAssert.AreEqual(expected, Seeds());
        LongTextSample known = Sample(Setting.Paper, "last 5 layers", heads: 45, nll: 3) with { Seed = 2 };
        CollectionAssert.AreEqual(expected.Except([(Setting.Paper, 2ul)]).ToArray(), Seeds(known));

        (string, ulong)[] Seeds(params LongTextSample[] samples) =>
            [.. plan.Jobs(all, samples).Select(job => (job.Setting.Series, job.Setting.Options.Seed))];
    }

    [TestMethod]
    public void Samples_survive_their_file()
    {
        LongTextSample sample = Sample(Setting.Paper, "last 5 layers", heads: 45, nll: 3.5);
        Assert.AreEqual(sample, LongTextSample.Parse(sample.ToJson()));
        Assert.DoesNotContain("threads", sample.ToJson());
    }

    [TestMethod]
    public void The_best_time_counts_and_all_is_held_against_exact()
    {
        LongTextResults results = Measured();
        ResultRow row = results.Rows.Single(one => one.Series == Setting.Defaults);
        Assert.AreEqual(new Timing(5, 20), row[1]);
        Assert.AreEqual(2.0, results.Speedup(row, 1, timing => timing.Attention), 1e-12);
        Assert.AreEqual(1.5, results.Speedup(row, 1, timing => timing.Prefill), 1e-12);
        Assert.AreEqual(Math.Exp(0.02) - 1, results.Change(row), 1e-12);
        Assert.AreEqual(2, row.Seeds);
        Assert.AreEqual(Math.Exp(3.03 - 3) - Math.Exp(3.01 - 3), results.Spread(row), 1e-12);
        Assert.AreEqual(10.0, row.Layers, 1e-12);
        Assert.IsTrue(double.IsNaN(results.Speedup(row, 2, timing => timing.Prefill)));
        Assert.AreEqual(2, results.Rounds);
        CollectionAssert.AreEqual(new[] { Setting.Exact, Setting.Paper, Setting.Paper, Setting.Defaults },
            results.Rows.Select(one => one.Series).ToArray());
        CollectionAssert.AreEqual(new[] { 5.0, 30.0 },
            results.Rows.Where(one => one.Series == Setting.Paper).Select(one => one.Layers).ToArray());
        LongTextSample other = Sample(Setting.Exact, "", heads: 0, nll: 3) with { Tokens = 99 };
        FormatException error = Assert.ThrowsExactly<FormatException>(() =>
            new LongTextResults([Sample(Setting.Exact, "", heads: 0, nll: 3), other]));
        Assert.Contains("99 tokens", error.Message);
        Assert.ThrowsExactly<FormatException>(() => new LongTextResults([]));
    }

    [TestMethod]
    public void The_table_holds_figures_and_ratios()
    {
        string text = new LongTextReport(Measured()).Tables();
        Assert.Contains("| exact | 0 of 270 | 50 | 20.086 |  |  | 10.0 | 1.00 | 30.0 | 1.00 | 6.0 | 1.00 | 17.0 | "
            + "1.00 |", text);
        Assert.Contains("| defaults, last 10 layers | 90 of 270 | 40 | 20.491 | +2.02 % | 2.04 % of 2 seeds | 5.0 | "
            + "2.00 | 20.0 | 1.50 | – | – | – | – |", text);
        Assert.Contains("| paper, last 30 layers | 270 of 270 | 40 | 18.174 | −9.52 % |  | – |", text);
        Assert.Contains("- a machine\n", text);
        Assert.Contains("- measured 2026-01-02 03:04 to 2026-01-02 05:06 UTC\n", text);
        Assert.AreEqual(1, text.Split("- command: `x`").Length - 1, "the same command stands there once");
        Assert.Contains("- defaults: all it likes\n", text);
    }

    [TestMethod]
    public void The_section_is_written_with_its_pictures()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("long.md", "# Long\n\nBy hand.\n");
        var report = new LongTextReport(Measured());
        report.Write(path, "Figure 3");
        string once = File.ReadAllText(path);
        Assert.StartsWith("# Long\n\nBy hand.\n\n## Figure 3\n", once);
        report.Write(path, "Figure 3");
        Assert.AreEqual(once, File.ReadAllText(path));
        foreach (string name in (string[])["long-figure-3-perplexity.svg", "long-figure-3-speed.svg"])
        {
            Assert.Contains($"]({name})", once);
            XElement root = XDocument.Load(Path.Combine(folder.Path, name)).Root!;
            Assert.Contains("paper", root.Value);
            Assert.Contains("exact", root.Value, "every line begins where nothing is approximated");
        }
    }

    [TestMethod]
    public void A_model_is_measured_and_goes_on_where_it_stopped()
    {
        using var folder = new TemporaryFolder();
        string text = folder.Write("text.txt", Story(900));
        string raw = Path.Combine(folder.Path, "raw.jsonl"), document = Path.Combine(folder.Path, "d.md");
        string[] arguments = ["--model", Tales, "--text", text, "--tokens", "2048", "--threads", "1", "--layers", "8",
            "--only", "exact,window,calibrated", "--thresholds", "9", "--calibration-text", text, "--raw", raw];
        Assert.AreEqual(0, Run([.. arguments, "--measure", "quality"]));
        LongTextSample[] quality = Samples(raw);
        Assert.HasCount(3, quality);
        Assert.IsTrue(quality.All(sample => sample.Scored == 2047 && sample.Nll > 0));
        foreach (LongTextSample approximate in quality[1..])
        {
            Assert.AreNotEqual(quality[0].Nll, approximate.Nll);
            Assert.AreEqual(quality[0].Nll, approximate.Nll, 0.5);
        }

        Assert.AreEqual(32, quality[2].Heads);
        Assert.AreEqual(0, Run([.. arguments, "--document", document]));
        LongTextSample[] all = Samples(raw);
        Assert.HasCount(3 + 1 + 3, all);
        foreach (LongTextSample sample in all.Where(sample => sample.Kind == LongTextSample.Time))
        {
            Assert.IsGreaterThan(0, sample.AttentionSeconds);
            Assert.IsGreaterThan(sample.AttentionSeconds, sample.PrefillSeconds);
        }

        Assert.AreEqual(0, Run(arguments));
        Assert.HasCount(all.Length, Samples(raw), "there was nothing left to measure");
        string written = File.ReadAllText(document);
        Assert.AreEqual(0, Run("--from", raw, "--document", document, "--json"));
        Assert.AreEqual(written, File.ReadAllText(document));
    }

    [TestMethod]
    public void It_stops_in_time()
    {
        using var folder = new TemporaryFolder();
        string text = folder.Write("text.txt", Story(90));
        var plan = new Plan { Model = Tales, Text = text, Tokens = 64, Threads = [1], Time = false, Seconds = 1e-6 };
        Setting[] settings = [new("exact", "", new AttentionOptions()), new("exact", "again", new AttentionOptions())];
        List<LongTextSample> samples = [];
        using var measurement = new Measurement(plan, CancellationToken.None);
        Assert.IsFalse(measurement.Run([.. plan.Jobs(settings, samples)], samples.Add));
        Assert.HasCount(1, samples);
        Assert.IsTrue(measurement.Run([.. plan.Jobs(settings, samples)], samples.Add));
        Assert.HasCount(2, samples);
        Assert.IsTrue(measurement.Run([.. plan.Jobs(settings, samples)], samples.Add));
        Assert.HasCount(2, samples);
    }

    [TestMethod]
    [DataRow("--only", "paper,none")]
    [DataRow("--layers", "9")]
    [DataRow("--thresholds", "0.1,x")]
    [DataRow("--threads", "0")]
    [DataRow("--tokens", "60000")]
    [DataRow("--model", "absent.gguf")]
    [DataRow("--only", "calibrated")]
    public void What_cannot_be_measured_is_refused(string option, string value)
    {
        using var folder = new TemporaryFolder();
        var options = new Dictionary<string, string>
        {
            ["--model"] = Tales,
            ["--text"] = folder.Write("text.txt", Story(90)),
            ["--tokens"] = "64",
            ["--measure"] = "quality",
            ["--only"] = "exact",
        };
        Assert.AreEqual(0, Run(Arguments()));
        options[option] = value;
        Assert.AreEqual(1, Run(Arguments()));
        options.Remove("--model");
        Assert.AreEqual(1, Run(Arguments()));

        string[] Arguments() => [.. options.SelectMany(pair => (string[])[pair.Key, pair.Value])];
    }

    private static int Run(params string[] arguments) => LongTextCommand.Create().Parse(arguments).Invoke();

    private static string Story(int sentences) =>
        string.Join(' ', Enumerable.Range(0, sentences).Select(i => $"A fox had {i} eggs."));

    private static LongTextSample[] Samples(string path) => [.. File.ReadLines(path).Select(LongTextSample.Parse)];

    private static Setting[] All(int tokens) =>
        [.. Setting.Of([Setting.Exact, Setting.Paper, Setting.Defaults, Setting.Window], [5, 30], [], null!, tokens)];

    private static LongTextSample Sample(string series, string setting, int heads, double nll = 0, int threads = 0,
        double attention = 0, double prefill = 0) => new()
        {
            Kind = threads == 0 ? LongTextSample.Quality : LongTextSample.Time,
            Model = "m.gguf",
            Text = "t.txt",
            Tokens = 100,
            Series = series,
            Setting = setting,
            Sees = "all it likes",
            Seed = 1,
            KeysPerQuery = series == Setting.Exact ? 50 : 40,
            Heads = heads,
            AllHeads = 270,
            Layers = 30,
            Nll = nll,
            Threads = threads,
            AttentionSeconds = attention,
            PrefillSeconds = prefill,
        };

    private static LongTextResults Measured()
    {
        LongTextSample machine = new()
        {
            Kind = LongTextSample.Machine,
            Facts = ["a machine"],
            Command = "command: `x`",
            At = new DateTimeOffset(2026, 1, 2, 3, 4, 0, TimeSpan.Zero),
        };
        return new LongTextResults(
        [
            machine, machine with { At = machine.At.AddMinutes(122) },
            Sample(Setting.Defaults, "last 10 layers", 90, threads: 1, attention: 6, prefill: 20),
            Sample(Setting.Defaults, "last 10 layers", 90, threads: 1, attention: 5, prefill: 22),
            Sample(Setting.Defaults, "last 10 layers", 90, nll: 3.01),
            Sample(Setting.Defaults, "last 10 layers", 90, nll: 3.03) with { Seed = 2 },
            Sample(Setting.Paper, "last 30 layers", 270, nll: 2.9),
            Sample(Setting.Paper, "last 5 layers", 45, nll: 3.1),
            Sample(Setting.Exact, "", 0, nll: 3), Sample(Setting.Exact, "", 0, threads: 1, attention: 10, prefill: 30),
            Sample(Setting.Exact, "", 0, threads: 2, attention: 6, prefill: 17),
        ]);
    }
}
