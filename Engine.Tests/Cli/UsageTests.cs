namespace Engine.Tests.Cli;

[TestClass]
public sealed class UsageTests
{
    private static readonly string[] Commands =
        ["run", "chat", "info", "tokenize", "template", "logits", "perplexity", "bench", "selftest"];

    /// <summary>Command lines, their arguments separated by spaces.</summary>
    public static IEnumerable<object[]> WrongUsages =>
        from line in (string[])
        [
            "fly", "run", "run --prompt a --bogus", "run --bogus", "run --prompt a --max-tokens many",
            "run --prompt a --max-tokens -1", "run --prompt a --temperature warm", "run --prompt a --temperature NaN",
            "run --prompt a --top-p 1.5", "run --prompt a --seed -1", "run --prompt a --logit-bias 1",
            "run --prompt a --isa mmx", "run --prompt a --cache-type f8", "run --prompt a --threads -1",
            "run --prompt a --file b", "run --prompt", "info", "info a.gguf b.gguf", "tokenize a.gguf",
            "tokenize a.gguf --text a --file b", "template a.jinja", "template a.jinja b.json --now soon",
            "logits a.gguf --tokens ids", "perplexity a.gguf", "perplexity a.gguf b.txt --score first-half",
            "bench a.gguf --repetitions 0", "bench a.gguf --threads 0", "selftest more",
        ]
        select new object[] { line };

    [TestMethod]
    [DynamicData(nameof(WrongUsages))]
    public void WrongUsageIsExitCodeTwoAndOneLineOnStandardError(string line)
    {
        var console = new TestConsole { InputIsTerminal = true };
        Assert.AreEqual(2, console.Run(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)), console.ErrorText);
        Assert.AreEqual("", console.OutputText);
        Assert.StartsWith("engine: ", console.ErrorText);
        Assert.HasCount(1, console.ErrorText.TrimEnd().Split('\n'));
    }

    [TestMethod]
    [DataRow("run --promt a", "unknown option --promt (a file of that name would be ./--promt)")]
    [DataRow("selftest --bogus", "Unrecognized command or argument '--bogus'.")]
    [DataRow("run --prompt a --pack maybe", "--pack: Argument 'maybe' not recognized. Must be one of: 'true' 'false'")]
    [DataRow("run --prompt a --max-tokens -1", "--max-tokens: expected a whole number of at least 0, found \"-1\"")]
    [DataRow("fly", "unknown command fly")]
    public void WhatIsWrongIsNamed(string line, string expected)
    {
        var console = new TestConsole { InputIsTerminal = true };
        Assert.AreEqual(2, console.Run(line.Split(' ')));
        Assert.StartsWith($"engine: {expected} (engine", console.ErrorText);
    }

    [TestMethod]
    public void EveryCommandHasHelpWithExamples()
    {
        foreach (string command in Commands)
        {
            var console = new TestConsole();
            Assert.AreEqual(0, console.Run(command, "--help"));
            Assert.Contains($"engine {command}", console.OutputText);
            Assert.Contains("Examples:", console.OutputText);
            Assert.Contains("--json", console.OutputText);
            Assert.AreEqual("", console.ErrorText);
        }
    }

    [TestMethod]
    public void NoCommandIsWrongUsageAndShowsTheHelpOnStandardError()
    {
        var console = new TestConsole();
        Assert.AreEqual(2, console.Run());
        Assert.AreEqual("", console.OutputText);
        foreach (string command in Commands) Assert.Contains(command, console.ErrorText);
        Assert.Contains("Examples:", console.ErrorText);
    }

    [TestMethod]
    public void HelpAndVersionAreResults()
    {
        var help = new TestConsole();
        Assert.AreEqual(0, help.Run("--help"));
        foreach (string command in Commands) Assert.Contains(command, help.OutputText);
        var version = new TestConsole();
        Assert.AreEqual(0, version.Run("--version"));
        Assert.MatchesRegex(@"^\d+\.\d+\.\d+\s*$", version.OutputText);
    }

    [TestMethod]
    public void AMissingFileFailsWithItsName()
    {
        foreach (string[] arguments in (string[][])
            [
                ["run", "nowhere.gguf", "--prompt", "a"], ["info", "nowhere.gguf"], ["bench", "nowhere.gguf"],
                ["tokenize", "nowhere.gguf", "--text", "a"], ["template", "nowhere.jinja", "b.json"],
                ["perplexity", "nowhere.gguf", TestData.Model("LICENSE-smollm2.txt")],
            ])
        {
            var console = new TestConsole();
            Assert.AreEqual(1, console.Run(arguments));
            Assert.AreEqual("", console.OutputText);
            Assert.StartsWith("engine: ", console.ErrorText);
            Assert.Contains("nowhere", console.ErrorText);
        }
    }

    [TestMethod]
    public void ADirectoryIsNamedAsOne()
    {
        using var folder = new TemporaryFolder();
        foreach (string[] arguments in (string[][])
            [
                ["run", folder.Path, "--prompt", "a"], ["run", "--file", folder.Path], ["info", folder.Path],
                ["tokenize", folder.Path, "--text", "a"], ["template", folder.Path, folder.Path],
            ])
        {
            var console = new TestConsole();
            Assert.AreEqual(1, console.Run(arguments));
            Assert.AreEqual($"engine: {folder.Path}: expected a file, found a directory", console.ErrorText.TrimEnd());
        }
    }

    [TestMethod]
    public void IdsThatAreNoneFailInOneLineWithoutInternals()
    {
        using var folder = new TemporaryFolder();
        string output = Path.Combine(folder.Path, "logits.f32");
        string model = TestData.Model("tales-cla2-q8_0.gguf");
        foreach (string ids in (string[])["", "1 two", "-1", "99999999", "1.5"])
        {
            string file = folder.Write("ids.txt", ids);
            var console = new TestConsole();
            Assert.AreEqual(1, console.Run("logits", model, "--tokens", file, "--output", output));
            Assert.HasCount(1, console.ErrorText.TrimEnd().Split('\n'));
            Assert.DoesNotContain("internal error", console.ErrorText);
            Assert.DoesNotContain("Parameter", console.ErrorText);
        }
    }

    [TestMethod]
    public void AFileThatIsNoModelFails()
    {
        foreach (string command in (string[])["run", "info"])
        {
            var console = new TestConsole("a");
            Assert.AreEqual(1, console.Run(command, TestData.Model("LICENSE-smollm2.txt")));
            Assert.AreEqual("", console.OutputText);
            Assert.HasCount(1, console.ErrorText.TrimEnd().Split('\n'));
        }
    }
}
