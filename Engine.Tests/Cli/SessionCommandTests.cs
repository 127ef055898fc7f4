using System.Text.Json;

namespace Engine.Tests.Cli;

/// <summary>Sliding contexts, saved sessions and page budgets on the command line.</summary>
[TestClass]
public sealed class SessionCommandTests
{
    private static readonly string Tales = TestData.Model("tales-cla2-q8_0.gguf");
    private static readonly string SmolLm2 = TestData.Model("smollm2-135m-instruct-q4_1.gguf");

    [TestMethod]
    public void ASlidingContextGoesOnWhereAFullOneStops()
    {
        string[] options = ["--prompt", "Once upon a time", "--context", "24", "--max-tokens", "60", "--ignore-eos"];
        JsonElement stopped = Json([Tales, .. options]);
        JsonElement slid = Json([Tales, .. options, "--overflow", "slide", "--sinks", "4"]);
        Assert.AreEqual("context", stopped.GetProperty("stop_reason").GetString());
        Assert.AreEqual("length", slid.GetProperty("stop_reason").GetString());
        Assert.AreEqual(60, slid.GetProperty("tokens").GetArrayLength());
        // A prompt longer than the context slides as well.
        string text = string.Join(' ', Enumerable.Repeat("Once upon a time there was a fox.", 10));
        JsonElement longer = Json(Tales, "--prompt", text, "--context", "24", "--overflow", "slide",
            "--max-tokens", "3");
        Assert.IsGreaterThan(24, longer.GetProperty("prompt_tokens").GetInt32());
        Assert.AreEqual(2, new TestConsole().Run("run", Tales, "--prompt", "x", "--overflow", "roll"));
    }

    [TestMethod]
    public void ASavedTextGoesOnAsIfNothingHadBeen()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "a.session");
        string[] options = [Tales, "--raw", "--greedy", "--ignore-eos"];
        string whole = Text([.. options, "--prompt", "Once upon a time", "--max-tokens", "20"]);
        string first = Text([.. options, "--prompt", "Once upon a time", "--max-tokens", "8", "--save-session", file]);
        string second = Text([.. options, "--load-session", file, "--max-tokens", "12", "--save-session", file]);
        Assert.AreEqual(whole, first + second);
        // Text is added where it stands.
        Assert.AreNotEqual("",
            Text([.. options, "--load-session", file, "--prompt", " The end.", "--max-tokens", "3"]));
    }

    [TestMethod]
    public void ASavedConversationRemembersItsMessages()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "a.session");
        // A conversation goes on to the last bit if the model is loaded in the same way.
        string[] options = [SmolLm2, "--greedy", "--max-tokens", "12", "--pack", "false"];
        string first = Text([.. options, "--prompt", "Say hello.", "--save-session", file]);
        JsonElement asked = Json([.. options, "--prompt", "Say it again.", "--load-session", file, "--save-session",
            file]);
        var talk = new TestConsole("Say hello.\nSay it again.\n");
        Assert.AreEqual(0, talk.Run(["chat", .. options, "--json"]), talk.ErrorText);
        string[] answers = talk.OutputText.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.AreEqual(TextOf(answers[0]), first);
        Assert.AreEqual(TextOf(answers[1]), asked.GetProperty("text").GetString());
        // Only the new message is evaluated.
        Assert.IsLessThan(30, asked.GetProperty("prompt_tokens").GetInt32());
        var chat = new TestConsole("Thanks.\n");
        Assert.AreEqual(0, chat.Run(["chat", .. options, "--load-session", file, "--json"]), chat.ErrorText);
        Assert.IsLessThan(30, chat.Json().GetProperty("prompt_tokens").GetInt32());
        var system = new TestConsole();
        Assert.AreEqual(2, system.Run("run", SmolLm2, "--load-session", file, "--prompt", "Hi", "--system", "Brief."));
    }

    [TestMethod]
    public void AChatIsSavedWhenItEndsAndSlidesWhereItMay()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "a.session");
        string lines = string.Concat(Enumerable.Repeat("Tell me about the sea.\n", 4));
        string[] options = ["chat", SmolLm2, "--greedy", "--max-tokens", "16", "--context", "96", "--json"];
        var full = new TestConsole(lines);
        Assert.AreEqual(0, full.Run(options), full.ErrorText);
        Assert.Contains("the context only 96", full.ErrorText);
        var slid = new TestConsole(lines + "/exit\n");
        Assert.AreEqual(0, slid.Run([.. options, "--overflow", "slide", "--save-session", file]), slid.ErrorText);
        Assert.AreEqual("", slid.ErrorText);
        string[] answers = slid.OutputText.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.HasCount(4, answers);
        // Also behind a slide only what is new is evaluated.
        foreach (string answer in answers[1..])
            Assert.IsLessThan(40, JsonDocument.Parse(answer).RootElement.GetProperty("prompt_tokens").GetInt32());
        var again = new TestConsole("And the sky?\n");
        Assert.AreEqual(0, again.Run([.. options[..^3], "--json", "--load-session", file]), again.ErrorText);
        Assert.IsLessThan(40, again.Json().GetProperty("prompt_tokens").GetInt32());
    }

    [TestMethod]
    public void AForeignOrDamagedFileIsRefusedWithTheReason()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("a.session", "no session at all, but long enough to look into");
        var console = new TestConsole();
        Assert.AreEqual(1, console.Run("run", Tales, "--load-session", file));
        Assert.Contains("a.session: magic: expected", console.ErrorText);
        Text(Tales, "--prompt", "Once", "--max-tokens", "2", "--save-session", file);
        var other = new TestConsole();
        Assert.AreEqual(1, other.Run("run", SmolLm2, "--load-session", file));
        Assert.Contains("expected", other.ErrorText);
    }

    [TestMethod]
    public void ABudgetReportsItsError()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("text.txt",
            string.Concat(Enumerable.Repeat("Once upon a time there was a fox who lived by the sea. ", 60)));
        JsonElement exact = Perplexity();
        JsonElement pages = Perplexity("--page-budget", "128", "--sinks", "16");
        Assert.IsFalse(exact.TryGetProperty("page_slots_read", out _));
        Assert.IsGreaterThan(0, pages.GetProperty("page_output_error").GetDouble());
        Assert.IsLessThan(0.6, pages.GetProperty("page_slots_read").GetDouble());
        Assert.AreEqual(exact.GetProperty("nll").GetDouble(), pages.GetProperty("nll").GetDouble(), 0.2);

        JsonElement Perplexity(params string[] more)
        {
            var console = new TestConsole();
            Assert.AreEqual(0, console.Run(["perplexity", Tales, file, "--context", "512", "--json", .. more]),
                console.ErrorText);
            return console.Json();
        }
    }

    private static string TextOf(string json) =>
        JsonDocument.Parse(json).RootElement.GetProperty("text").GetString()!;

    private static JsonElement Json(params string[] arguments)
    {
        var console = new TestConsole();
        Assert.AreEqual(0, console.Run(["run", .. arguments, "--json"]), console.ErrorText);
        return console.Json();
    }

    private static string Text(params string[] arguments) => Json(arguments).GetProperty("text").GetString()!;
}
