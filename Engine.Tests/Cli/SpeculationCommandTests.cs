using System.Text.Json;

namespace Engine.Tests.Cli;

[TestClass]
public sealed class SpeculationCommandTests
{
    private const string Prompt = "one two three four five. one two three four five. one two";

    private static readonly string Tales = TestData.Model("tales-cla2-q8_0.gguf");
    private static readonly string TalesMqa = TestData.Model("tales-mqa-q8_0.gguf");
    private static readonly string SmolLm2 = TestData.Model("smollm2-135m-instruct-q4_1.gguf");

    [TestMethod]
    public void GuessesAreCountedAndChangeNothing()
    {
        JsonElement plain = Run(SmolLm2, "--speculate", "off");
        Assert.AreEqual(0, plain.GetProperty("draft_tokens").GetInt32());
        Assert.AreEqual(0, plain.GetProperty("accepted_tokens").GetInt32());
        string[][] kinds = [["--speculate", "lookup", "--draft-tokens", "3"], ["--draft", SmolLm2]];
        foreach (string[] options in kinds)
        {
            JsonElement guessed = Run([SmolLm2, .. options]);
            Assert.AreEqual(plain.GetProperty("tokens").GetRawText(), guessed.GetProperty("tokens").GetRawText());
            Assert.IsGreaterThan(0, guessed.GetProperty("accepted_tokens").GetInt32());
        }
    }

    [TestMethod]
    public void AnotherModelOfTheVocabularyMayGuess()
    {
        JsonElement plain = Run(Tales), guessed = Run(Tales, "--draft", TalesMqa, "--draft-tokens", "4");
        Assert.AreEqual(plain.GetProperty("tokens").GetRawText(), guessed.GetProperty("tokens").GetRawText());
        Assert.IsGreaterThan(0, guessed.GetProperty("draft_tokens").GetInt32());
    }

    [TestMethod]
    public void AnswersOfAChatCountThemToo()
    {
        var console = new TestConsole("Say one two three one two three one two three.\nAgain.\n");
        Assert.AreEqual(0, console.Run("chat", SmolLm2, "--json", "--greedy", "--max-tokens", "16", "--speculate",
            "lookup"), console.ErrorText);
        string[] lines = console.OutputText.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.HasCount(2, lines);
        foreach (string line in lines)
        {
            using JsonDocument answer = JsonDocument.Parse(line);
            Assert.IsLessThanOrEqualTo(answer.RootElement.GetProperty("draft_tokens").GetInt32(),
                answer.RootElement.GetProperty("accepted_tokens").GetInt32());
        }
    }

    [TestMethod]
    [DataRow("--speculate", "sometimes")]
    [DataRow("--speculate", "lookup", "--draft", "a.gguf")]
    [DataRow("--draft-tokens", "0")]
    [DataRow("--draft-tokens", "100")]
    public void WrongOptionsAreWrongUsage(params string[] options)
    {
        var console = new TestConsole();
        Assert.AreEqual(2, console.Run(["run", Tales, "--prompt", "Once", .. options]));
        Assert.Contains(options[0], console.ErrorText);
    }

    [TestMethod]
    public void ADraftModelOfAnotherVocabularyIsAnError()
    {
        var console = new TestConsole();
        Assert.AreEqual(1, console.Run("run", Tales, "--prompt", "Once", "--draft", SmolLm2));
        Assert.Contains("vocabulary", console.ErrorText);
        Assert.DoesNotContain("internal", console.ErrorText);
    }

    private static JsonElement Run(params string[] arguments)
    {
        var console = new TestConsole();
        Assert.AreEqual(0, console.Run(["run", .. arguments, "--raw", "--greedy", "--max-tokens", "24", "--prompt",
            Prompt, "--json"]), console.ErrorText);
        return console.Json();
    }
}
