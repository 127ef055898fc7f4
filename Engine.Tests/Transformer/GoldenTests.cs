using System.Text.Json;
using Engine.Cache;
using Engine.Kernels;
using Engine.Transformer;

namespace Engine.Tests.Transformer;

/// <summary>Greedy texts of the shipped models against the float32 reference.</summary>
[TestClass]
public sealed class GoldenTests
{
    private const string SmolLm = "smollm2-135m-instruct-q4_1.gguf";

    public static IEnumerable<object[]> Prompts => Cases("greedy.json").Select(c => new object[] { c.Name });

    [TestMethod]
    [DynamicData(nameof(Prompts))]
    public void Stable_tokens_are_generated_and_clear_choices_agree(string name)
    {
        Greedy golden = Cases("greedy.json").Single(c => c.Name == name);
        using var runner = new Runner(TestData.Model(SmolLm), threads: 2, batchRows: 128);
        int[] generated = Generate(runner, golden.Tokens, golden.Stable);
        CollectionAssert.AreEqual(golden.Continuation[..golden.Stable], generated);
        AssertChoices(runner, golden, margin: 0.5f);
    }

    [TestMethod]
    [DataRow("tales.json", "tales-cla2-q8_0.gguf")]
    [DataRow("tales-mqa.json", "tales-mqa-q8_0.gguf")]
    public void The_tales_models_make_the_reference_choices(string file, string model)
    {
        using var runner = new Runner(TestData.Model(model), threads: 2, batchRows: 128);
        foreach (Greedy golden in Cases(file)) AssertChoices(runner, golden, margin: 0.2f);
    }

    private static unsafe int Best(VectorKernels kernels, Span<float> logits)
    {
        fixed (float* x = logits) return kernels.ArgMax(x, logits.Length);
    }

    private static int[] Generate(Runner runner, int[] prompt, int count)
    {
        using Sequence sequence = runner.Model.OpenSequence(prompt.Length + count, CacheType.F16);
        var generated = new List<int>();
        var batch = new StepBatch(runner.Model.Forward.BatchRows);
        int[] next = prompt;
        while (generated.Count < count)
        {
            for (int done = 0; done < next.Length; done += batch.Capacity)
            {
                batch.Clear();
                batch.Add(sequence, next.AsSpan(done, Math.Min(batch.Capacity, next.Length - done)), WantedLogits.Last);
                runner.Model.Forward.Run(batch);
            }

            generated.Add(Best(runner.Model.Kernels.Vector, runner.Model.Forward.Logits(0, 1)));
            next = [generated[^1]];
        }

        return [.. generated];
    }

    private static void AssertChoices(Runner runner, Greedy golden, float margin)
    {
        int[] tokens = [.. golden.Tokens, .. golden.Continuation];
        float[] logits = runner.Logits(tokens, [128], CacheType.F16);
        int vocabulary = runner.Model.Weights.Vocabulary, compared = 0;
        for (int i = 0; i < golden.Continuation.Length; i++)
        {
            if (golden.Margins[i] < margin) continue;
            int row = golden.Tokens.Length - 1 + i;
            int best = Best(runner.Model.Kernels.Vector, logits.AsSpan(row * vocabulary, vocabulary));
            Assert.AreEqual(golden.Continuation[i], best, $"{golden.Name}, token {i}, margin {golden.Margins[i]}");
            compared++;
        }

        Assert.IsGreaterThan(5, compared);
    }

    private static IEnumerable<Greedy> Cases(string file)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(TestData.Path("golden", file)));
        JsonElement[] cases = json.RootElement.TryGetProperty("cases", out JsonElement list)
            ? [.. list.EnumerateArray()] : [json.RootElement];
        return [.. cases.Select(c => new Greedy(
            c.TryGetProperty("name", out JsonElement name) ? name.GetString()! : file,
            Ints(c, "tokens"), Ints(c, "continuation"),
            [.. c.GetProperty("margins").EnumerateArray().Select(m => m.GetSingle())],
            c.TryGetProperty("stable", out JsonElement stable) ? stable.GetInt32() : 0))];
    }

    private static int[] Ints(JsonElement element, string name) =>
        [.. element.GetProperty(name).EnumerateArray().Select(value => value.GetInt32())];

    private sealed record Greedy(string Name, int[] Tokens, int[] Continuation, float[] Margins, int Stable);
}
