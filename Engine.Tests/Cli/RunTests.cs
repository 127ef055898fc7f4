using System.Text.Json;

namespace Engine.Tests.Cli;

[TestClass]
public sealed class RunTests
{
    private static readonly string Tales = TestData.Model("tales-cla2-q8_0.gguf");
    private static readonly string SmolLm2 = TestData.Model("smollm2-135m-instruct-q4_1.gguf");

    private static JsonElement Json(params string[] arguments)
    {
        var console = new TestConsole();
        Assert.AreEqual(0, console.Run(["run", .. arguments, "--json"]), console.ErrorText);
        Assert.AreEqual("", console.ErrorText);
        return console.Json();
    }

    [TestMethod]
    public void JsonHasTextTokensAndTheReasonToStop()
    {
        JsonElement json = Json("--raw", "--prompt", "The capital of France is", "--temperature", "0", "--max-tokens",
            "5");
        Assert.AreEqual(" Paris.\n\nThe", json.GetProperty("text").GetString());
        CollectionAssert.AreEqual(new[] { 7042, 30, 198, 198, 504 },
            json.GetProperty("tokens").EnumerateArray().Select(token => token.GetInt32()).ToArray());
        Assert.AreEqual(5, json.GetProperty("prompt_tokens").GetInt32());
        Assert.AreEqual("length", json.GetProperty("stop_reason").GetString());
        Assert.IsGreaterThan(0, json.GetProperty("timings").GetProperty("prompt_seconds").GetDouble());
    }

    [TestMethod]
    public void TheTextAloneGoesToStandardOutput()
    {
        var console = new TestConsole();
        Assert.AreEqual(0, console.Run("run", "--raw", "--prompt", "The capital of France is", "--greedy",
            "--max-tokens", "2"), console.ErrorText);
        Assert.AreEqual(" Paris.", console.OutputText);
        Assert.AreEqual("", console.ErrorText);
    }

    [TestMethod]
    public void OnATerminalALineWithSpeedsFollows()
    {
        var console = new TestConsole { OutputIsTerminal = true, ErrorIsTerminal = true };
        Assert.AreEqual(0, console.Run("run", Tales, "--prompt", "Once", "--greedy", "--max-tokens", "2"));
        Assert.Contains("tokens/s", console.ErrorText);
        Assert.EndsWith("\n", console.OutputText);
    }

    [TestMethod]
    public void PromptComesFromAFileOrStandardInputAsItStands()
    {
        string[] options = ["run", Tales, "--raw", "--greedy", "--max-tokens", "4", "--json"];
        using var folder = new TemporaryFolder();
        string file = folder.Write("prompt.txt", "Once upon a time\n");
        var given = new TestConsole();
        var read = new TestConsole();
        var piped = new TestConsole("Once upon a time\n");
        Assert.AreEqual(0, given.Run([.. options, "--prompt", "Once upon a time\n"]));
        Assert.AreEqual(0, read.Run([.. options, "--file", file]));
        Assert.AreEqual(0, piped.Run(options));
        string expected = given.Json().GetProperty("tokens").GetRawText();
        Assert.AreEqual(expected, read.Json().GetProperty("tokens").GetRawText());
        Assert.AreEqual(expected, piped.Json().GetProperty("tokens").GetRawText());
        JsonElement bare = Json(Tales, "--prompt", "Once upon a time", "--max-tokens", "1");
        Assert.AreEqual(bare.GetProperty("prompt_tokens").GetInt32() + 1,
            read.Json().GetProperty("prompt_tokens").GetInt32(),
            "the last newline counts");
    }

    [TestMethod]
    public void TheChatTemplateWrapsThePromptUnlessRaw()
    {
        int Count(params string[] more) =>
            Json([SmolLm2, "--prompt", "Hi", "--max-tokens", "1", .. more]).GetProperty("prompt_tokens").GetInt32();

        int wrapped = Count();
        Assert.AreEqual(1, Count("--raw"));
        Assert.IsGreaterThan(10, wrapped);
        Assert.AreNotEqual(wrapped, Count("--system", "Speak like a pirate."));
    }

    [TestMethod]
    public void SeedsRepeatAndStopStringsEnd()
    {
        JsonElement Tell(params string[] more) =>
            Json([Tales, "--prompt", "Once upon a time", "--max-tokens", "24", "--seed", "5", .. more]);

        string first = Tell().GetProperty("text").GetString()!;
        Assert.AreEqual(first, Tell().GetProperty("text").GetString());
        string word = first.Split(' ')[5];
        JsonElement stopped = Tell("--stop", word);
        Assert.AreEqual("stop", stopped.GetProperty("stop_reason").GetString());
        Assert.AreEqual(first[..first.IndexOf(word, StringComparison.Ordinal)],
            stopped.GetProperty("text").GetString());
    }

    [TestMethod]
    public void AFullContextIsAReasonToStopAndALongPromptAnError()
    {
        JsonElement json = Json(Tales, "--prompt", "Once upon a time", "--context", "9", "--max-tokens", "50",
            "--ignore-eos");
        Assert.AreEqual("context", json.GetProperty("stop_reason").GetString());
        Assert.AreEqual(9, json.GetProperty("prompt_tokens").GetInt32() + json.GetProperty("tokens").GetArrayLength());
        var small = new TestConsole();
        Assert.AreEqual(1, small.Run("run", Tales, "--prompt", "Once upon a time", "--context", "2"));
        Assert.Contains("--context", small.ErrorText);
    }

    [TestMethod]
    public void CtrlCEndsTheAnswerWithItsOwnExitCode()
    {
        int pieces = 0;
        var console = new TestConsole
        {
            Watch = (self, _) =>
            {
                if (++pieces == 3) Assert.IsTrue(self.Interrupt());
            },
        };
        Assert.AreEqual(130, console.Run("run", Tales, "--prompt", "Once upon a time", "--ignore-eos"));
        Assert.IsLessThan(10, pieces);
    }
}
