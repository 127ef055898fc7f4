using System.Text.Json;

namespace Engine.Tests.Cli;

[TestClass]
public sealed class PackCommandTests
{
    private static readonly string Tales = TestData.Model("tales-cla2-q8_0.gguf");

    [TestMethod]
    public void APackedModelRunsAndIsShownAsSuch()
    {
        using var folder = new TemporaryFolder();
        string output = Path.Combine(folder.Path, "tales.bin");
        var pack = new TestConsole();
        Assert.AreEqual(0, pack.Run("pack", Tales, "-o", output, "--json"), pack.ErrorText);
        Assert.AreEqual("", pack.ErrorText);
        JsonElement json = pack.Json();
        Assert.AreEqual(70, json.GetProperty("tensors").GetInt32());
        Assert.AreEqual(49, json.GetProperty("packed_tensors").GetInt32());
        Assert.AreEqual(output, json.GetProperty("output").GetString());
        Assert.AreEqual(new FileInfo(output).Length, json.GetProperty("file_bytes").GetInt64());
        Assert.IsGreaterThan(0, json.GetProperty("packed_bytes").GetInt64());

        var info = new TestConsole();
        Assert.AreEqual(0, info.Run("info", output, "--tensors"), info.ErrorText);
        Assert.Contains("engine.pack.version: 1", info.OutputText);
        Assert.Contains("Q8_0, packed: 49 tensors", info.OutputText);
        Assert.Contains("blk.0.attn_q.weight: Q8_0, packed [256, 256]", info.OutputText);
        var detail = new TestConsole();
        Assert.AreEqual(0, detail.Run("info", output, "--json"), detail.ErrorText);
        Assert.AreEqual(49, detail.Json().GetProperty("tensors").EnumerateArray()
            .Count(tensor => tensor.GetProperty("packed").GetBoolean()));

        string[] run = ["--prompt", "Once upon a time", "--greedy", "--max-tokens", "24"];
        var plain = new TestConsole();
        Assert.AreEqual(0, plain.Run(["run", Tales, .. run]), plain.ErrorText);
        var packed = new TestConsole();
        Assert.AreEqual(0, packed.Run(["run", output, .. run]), packed.ErrorText);
        Assert.AreEqual(plain.OutputText, packed.OutputText);
        string text = folder.Write("text.txt", string.Concat(Enumerable.Repeat(plain.OutputText + "\n", 4)));
        var score = new TestConsole();
        Assert.AreEqual(0, score.Run("perplexity", output, text, "--context", "32", "--json"), score.ErrorText);
        var reference = new TestConsole();
        Assert.AreEqual(0, reference.Run("perplexity", Tales, text, "--context", "32", "--json"), reference.ErrorText);
        Assert.AreEqual(reference.Json().GetProperty("nll").GetDouble(), score.Json().GetProperty("nll").GetDouble(),
            0.01);
    }

    [TestMethod]
    public void AnExistingFileIsReplacedOnlyByForce()
    {
        using var folder = new TemporaryFolder();
        string output = folder.Write("x.bin", "mine");
        var console = new TestConsole();
        Assert.AreEqual(1, console.Run("pack", Tales, "-o", output));
        Assert.Contains("--force", console.ErrorText);
        Assert.AreEqual("mine", File.ReadAllText(output));
        var forced = new TestConsole();
        Assert.AreEqual(0, forced.Run("pack", Tales, "-o", output, "--force"), forced.ErrorText);
        Assert.Contains("49 of 70 tensors packed", forced.OutputText);
        var again = new TestConsole();
        Assert.AreEqual(1, again.Run("pack", output, "-o", Path.Combine(folder.Path, "y.bin")));
        Assert.Contains("packed already", again.ErrorText);
        var usage = new TestConsole();
        Assert.AreEqual(2, usage.Run("pack", Tales));
        Assert.Contains("--output", usage.ErrorText);
    }
}
