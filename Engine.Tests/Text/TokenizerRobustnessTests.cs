using System.Buffers;
using System.Text;
using Engine.Memory;
using Engine.Text;

namespace Engine.Tests.Text;

/// <summary>Any text survives the way there and back; a damaged vocabulary ends in one clear error.</summary>
[TestClass]
public sealed class TokenizerRobustnessTests
{
    private static readonly string[] Merges =
        ["Ġ Ġ", "ĠĠ ĠĠ", "e r", "Ã ©", "ð Ł", "Ċ Ċ", "Ġ t", "Ġt h", "a a", "aa aa"];

    [TestMethod]
    public void ByteLevelRoundTripsAnyBytesUnderEveryPreTokenizer()
    {
        foreach (string name in PreTokenizerRules.Names)
        {
            PreTokenizerRules.TryFind(name, out PreTokenizerRule? rule);
            if (!rule!.ByteLevel) continue;
            RoundTrip(Tokenizer.Create(TinyVocabulary.BytePair(Merges, [("<u>", 4)], name)), 40, name);
        }
    }

    [TestMethod]
    public void SentencePieceRoundTripsAnyBytes()
    {
        string[] pieces = ["▁", "▁▁", "e", "r", "er", "é", "日", "▁t", "\n", "a", "aa", "aaaa"];
        RoundTrip(Tokenizer.Create(TinyVocabulary.SentencePiece(pieces)), 1000, "with prefix");
        foreach (bool prefix in (bool[])[false, true])
        {
            VocabularyDefinition users = TinyVocabulary.SentencePiece(pieces, prefix, [("\n\n", 4), ("   ", 4)]);
            RoundTrip(Tokenizer.Create(users), 1000, $"user-defined tokens, prefix {prefix}");
        }
    }

    [TestMethod]
    [DataRow("gpt-2", true)]
    [DataRow("llama-spm", true)]
    [DataRow("starcoder", false, DisplayName = "starcoder has no token for bytes that UTF-8 never uses")]
    [DataRow("falcon", false, DisplayName = "falcon has no token for some control characters")]
    [DataRow("deepseek-llm", false, DisplayName = "deepseek-llm spells F6 like a user-defined token")]
    public void RealVocabulariesRoundTrip(string name, bool anyBytes)
    {
        Tokenizer tokenizer =
            VocabularyFiles.Tokenizer(TestData.SharedOrSkip("vocab", $"ggml-vocab-{name}.gguf"));
        RoundTrip(tokenizer, 300, name, anyBytes);
    }

    [TestMethod]
    public void UnknownNamesAreRefusedWithTheKnownOnes()
    {
        VocabularyDefinition definition = TinyVocabulary.BytePair([], []);
        string message = Assert.ThrowsExactly<ModelFormatException>(
            () => Tokenizer.Create(definition.WithPreTokenizer("no-such-thing"))).Message;
        Assert.Contains("no-such-thing", message);
        Assert.Contains("llama-bpe", message);
        message = Refuse(new VocabularyDefinition { Model = "rwkv", Tokens = definition.Tokens });
        Assert.Contains("rwkv", message);
        Assert.Contains("gpt2", message);
    }

    [TestMethod]
    public void DamagedVocabulariesAreRefused()
    {
        Utf8StringTable tokens = Utf8StringTable.FromStrings(["a", "b", "ab"]);
        foreach (string model in (string[])["llama", "gpt2", "bert"])
        {
            VocabularyDefinition empty = new() { Model = model, Tokens = Utf8StringTable.Empty };
            Assert.Contains("tokens", Refuse(empty));
        }

        Assert.Contains("scores", Refuse(new VocabularyDefinition { Model = "llama", Tokens = tokens }));
        Assert.Contains("scores", Refuse(
            new VocabularyDefinition { Model = "llama", Tokens = tokens, Scores = new float[2] }));
        Assert.Contains("token_type", Refuse(
            new VocabularyDefinition { Model = "gpt2", Tokens = tokens, Types = new int[1] }));
        Assert.Contains("unknown", Refuse(new VocabularyDefinition { Model = "bert", Tokens = tokens }));
        foreach (string merge in (string[])["", " ", "ab", "a ", " a", "  "])
        {
            Assert.Contains("merges[1]", Refuse(new VocabularyDefinition
            {
                Model = "gpt2", Tokens = tokens, Merges = Utf8StringTable.FromStrings(["a b", merge]),
            }));
        }
    }

    [TestMethod]
    public void OddVocabulariesStillEncode()
    {
        // Tokens that repeat or are empty, types and ids that mean nothing, merges that repeat or lead nowhere.
        Tokenizer tokenizer = Tokenizer.Create(new VocabularyDefinition
        {
            Model = "gpt2",
            Tokens = Utf8StringTable.FromStrings(["a", "b", "ab", "", "ab", "", "c"]),
            Types = new[] { 1, 1, 99, 4, -7, 3, 0 },
            Merges = Utf8StringTable.FromStrings(["a b", "a b", "ab a", "x y", "ab ab", "abab abab"]),
            SpecialIds = new Dictionary<string, int> { ["bos"] = 500, ["eos"] = -3, ["eot"] = int.MaxValue },
        });
        Assert.AreEqual(-1, tokenizer.BeginOfSequence);
        Assert.AreEqual("ababc", tokenizer.Decode(tokenizer.Encode("ababc", addSpecial: true)));
        Assert.AreEqual("aab", tokenizer.Decode(tokenizer.Encode("axyab", parseSpecial: true)));
    }

    [TestMethod]
    public void LongTextWithoutABreakTakesUnderSeconds()
    {
        byte[] letters = new byte[1 << 20];
        letters.AsSpan().Fill((byte)'a');
        byte[] spaces = new byte[1 << 20];
        spaces.AsSpan().Fill((byte)' ');
        string[] pieces = ["▁", "▁▁", "▁▁▁▁", "a", "aa", "aaaa"];
        foreach (Tokenizer tokenizer in (Tokenizer[])
            [
                Tokenizer.Create(TinyVocabulary.BytePair(Merges, [])),
                Tokenizer.Create(TinyVocabulary.SentencePiece(pieces, false, [("  ", 4), ("   ", 4)])),
                Tokenizer.Create(TinyVocabulary.WordPiece("▁a", "a", "aa")),
            ])
        {
            foreach (byte[] text in (byte[][])[letters, spaces])
            {
                var watch = System.Diagnostics.Stopwatch.StartNew();
                tokenizer.Encode(text);
                Assert.IsLessThan(8.0, watch.Elapsed.TotalSeconds, tokenizer.GetType().Name);
            }
        }
    }

    private static string Refuse(VocabularyDefinition definition) =>
        Assert.ThrowsExactly<ModelFormatException>(() => Tokenizer.Create(definition)).Message;

    private static void RoundTrip(Tokenizer tokenizer, int rounds, string name, bool anyBytes = true)
    {
        string[] parts =
            ["a", "aaaa", "er", " ", "  ", "   ", "\n", "\n\n", "\t", "\r\n", "é", "日本", "🙂", "e\u0301", "1234", "'s",
                "th", "!", "<u>", "</s>", "<|endoftext|>", "\0", "\u200D", "Ġ", "ſ", "𝓐"];
        for (int seed = 0; seed < rounds; seed++)
        {
            Random random = new(seed);
            List<byte> text = [];
            for (int i = random.Next(0, 24); i > 0; i--)
            {
                if (anyBytes && random.Next(4) == 0) text.Add((byte)random.Next(256));
                else text.AddRange(Encoding.UTF8.GetBytes(parts[random.Next(parts.Length)]));
            }

            byte[] bytes = [.. text];
            // The one thing that SentencePiece cannot tell from a space.
            if (bytes.AsSpan().IndexOf(SpaceEscape.Mark) >= 0) continue;
            ArrayBufferWriter<byte> back = new();
            tokenizer.Decode(tokenizer.Encode(bytes), back);
            Assert.AreEqual(
                Convert.ToHexString(bytes), Convert.ToHexString(back.WrittenSpan), $"{name}, seed {seed}");
        }
    }
}
