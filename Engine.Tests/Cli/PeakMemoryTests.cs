using System.Text.Json;
using Engine.Cli;
using Engine.Compare;

namespace Engine.Tests.Cli;

/// <summary>Memory of a whole process, which a test host would blur: the command line in its own.</summary>
[TestClass]
public sealed class PeakMemoryTests
{
    private const int Context = 4096;

    /// <summary>What may come on top of weights and cache: the runtime, its compiled code, activations, scratch.
    /// </summary>
    private const long Allowance = 64L << 20;

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow("true")]
    [DataRow("false")]
    public async Task AFullContextTakesWeightsCacheAndLittleElse(string pack)
    {
        string path = TestData.Model("smollm2-135m-instruct-q4_1.gguf");
        var engine = new ExternalProgram(typeof(CliApplication).Assembly.Location);
        string output = await engine.RunAsync(["bench", path, "--prefill", "0", "--decode", "8", "--depth",
            $"{Context - 8}", "--repetitions", "1", "--threads", "1",
            "--pack", pack, "--json"], TestContext.CancellationToken);
        JsonElement json = JsonDocument.Parse(output).RootElement;
        if (!json.TryGetProperty("peak_resident_bytes", out JsonElement peak))
            Assert.Inconclusive("this system does not tell the peak of resident memory");
        long weights = new FileInfo(path).Length;
        long cache = Context * json.GetProperty("cache_bytes_per_token").GetInt64();
        long beyond = peak.GetInt64() - weights - cache;
        TestContext.WriteLine($"peak {peak.GetInt64() / 1e6:F1} MB: weights {weights / 1e6:F1}, "
            + $"cache {cache / 1e6:F1}, else {beyond / 1e6:F1}");
        Assert.IsLessThanOrEqualTo(Allowance, beyond, $"{peak.GetInt64()} bytes at the peak");
        Assert.AreEqual(pack == "true", json.GetProperty("packed_bytes").GetInt64() > 0);
        // All of the cache was written, and the weights were read or packed: less could not be true.
        Assert.IsGreaterThan(cache + json.GetProperty("bytes_per_token").GetInt64() / 2, peak.GetInt64());
    }
}
