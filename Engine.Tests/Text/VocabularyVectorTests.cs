using System.Text;
using System.Text.Json;
using Engine.Text;

namespace Engine.Tests.Text;

/// <summary>Token ids and pieces that llama.cpp, the tokenizers library and Python's regex agree on.</summary>
[TestClass]
public sealed class VocabularyVectorTests
{
    [TestMethod]
    [DataRow("bert-bge")]
    [DataRow("deepseek-llm")]
    [DataRow("falcon")]
    [DataRow("gpt-2")]
    [DataRow("llama-spm")]
    [DataRow("phi-3")]
    [DataRow("starcoder")]
    public void EveryLineOfTheVectorsIsEncodedAlike(string name)
    {
        string file = TestData.SharedOrSkip("vocab", $"ggml-vocab-{name}.gguf");
        Tokenizer tokenizer = VocabularyFiles.Tokenizer(file);
        string[] texts = File.ReadAllText(file + ".inp").Split("\n__ggml_vocab_test__\n");
        string[] expected = File.ReadAllText(file + ".out").Split('\n');
        int checkedLines = 0;
        for (int i = 0; i < texts.Length && i < expected.Length; i++)
        {
            string ids = string.Join(' ', tokenizer.Encode(texts[i]));
            Assert.AreEqual(expected[i].Trim(), ids, $"{name}, line {i}: {JsonSerializer.Serialize(texts[i])}");
            checkedLines++;
        }

        Assert.IsGreaterThanOrEqualTo(46, checkedLines);
    }

    [TestMethod]
    public void EveryTextOfTokenIdsIsEncodedAlike()
    {
        string path = TestData.SharedOrSkip("vocab", "token-ids.json");
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(path));
        StringBuilder failures = new();
        foreach (JsonProperty vocabulary in json.RootElement.EnumerateObject())
        {
            string file = vocabulary.Value.GetProperty("file").GetString()!;
            Tokenizer tokenizer = VocabularyFiles.Tokenizer(TestData.SharedOrSkip("vocab", file));
            foreach (JsonElement entry in vocabulary.Value.GetProperty("cases").EnumerateArray())
            {
                string text = entry.GetProperty("text").GetString()!;
                string expected = string.Join(' ', entry.GetProperty("ids").EnumerateArray());
                string found = string.Join(' ', tokenizer.Encode(text));
                if (expected != found)
                    failures.AppendLine($"{vocabulary.Name} {JsonSerializer.Serialize(text)}: {expected} / {found}");
            }
        }

        Assert.AreEqual("", failures.ToString());
    }

    [TestMethod]
    public void EveryPreTokenizerCutsAlike()
    {
        string path = TestData.SharedOrSkip("vocab", "pretokenizers.json");
        VocabularyDefinition definition =
            VocabularyFiles.Definition(TestData.SharedOrSkip("vocab", "ggml-vocab-gpt-2.gguf"));
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(path));
        StringBuilder failures = new();
        foreach (JsonProperty rule in json.RootElement.EnumerateObject())
        {
            List<string> names = [rule.Name];
            foreach (JsonElement alias in rule.Value.GetProperty("aliases").EnumerateArray())
                names.Add(alias.GetString()!);
            foreach (string name in names)
            {
                Tokenizer tokenizer = Tokenizer.Create(definition.WithPreTokenizer(name));
                foreach (JsonElement entry in rule.Value.GetProperty("cases").EnumerateArray())
                {
                    string text = entry.GetProperty("text").GetString()!;
                    string[] expected =
                        [.. entry.GetProperty("pieces").EnumerateArray().Select(static e => e.GetString()!)];
                    string[] found = [.. tokenizer.Split(text, parseSpecial: false)];
                    if (!expected.AsSpan().SequenceEqual(found))
                    {
                        failures.AppendLine(
                            $"{name}: {JsonSerializer.Serialize(expected)} / {JsonSerializer.Serialize(found)}");
                    }
                }
            }
        }

        Assert.AreEqual("", failures.ToString());
    }
}
