using System.Buffers;
using System.Text;
using System.Text.Json;
using Engine.Memory;
using Engine.Text;

namespace Engine.Tests.Text;

/// <summary>Each kind of tokenizer on vocabularies made here; these run without the shared folder.</summary>
[TestClass]
public sealed class TokenizerTests
{
    private static readonly string[] Merges = ["h e", "l l", "he ll", "hell o", "Ġ w", "Ġw o", "r l", "rl d"];

    [TestMethod]
    public void ConformanceSamplesAreEncodedAlike()
    {
        Tokenizer tokenizer = VocabularyFiles.Tokenizer(TestData.Path("conformance", "gpt2.gguf"));
        using JsonDocument json =
            JsonDocument.Parse(File.ReadAllText(TestData.Path("conformance", "tokenizer-samples.json")));
        foreach (JsonElement sample in json.RootElement.EnumerateArray())
        {
            string text = sample.GetProperty("text").GetString()!;
            int[] expected = [.. sample.GetProperty("ids").EnumerateArray().Select(static e => e.GetInt32())];
            int[] found = tokenizer.Encode(text, parseSpecial: true);
            CollectionAssert.AreEqual(expected, found, JsonSerializer.Serialize(text));
            Assert.AreEqual(text, tokenizer.Decode(found, includeSpecial: true));
        }
    }

    [TestMethod]
    public void MergesApplyByRank()
    {
        Tokenizer tokenizer = Tokenizer.Create(TinyVocabulary.BytePair(Merges, []));
        string[] pieces = [.. tokenizer.Encode("hello world").Select(tokenizer.GetPiece)];
        CollectionAssert.AreEqual(new[] { "hello", "Ġwo", "rld" }, pieces);
    }

    [TestMethod]
    [DataRow(3, 500)]
    [DataRow(48, 500)]
    [DataRow(49, 500)]
    [DataRow(400, 40)]
    public void LongAndShortPiecesMergeLikeTheDefinition(int length, int rounds)
    {
        string[] merges = ["a b", "b a", "ab a", "a a", "aa b", "ba ba", "aba aab"];
        VocabularyDefinition definition = TinyVocabulary.BytePair(merges, []);
        Tokenizer tokenizer = Tokenizer.Create(definition);
        for (int seed = 0; seed < rounds; seed++)
        {
            Random random = new(seed);
            string text = string.Concat(Enumerable.Range(0, length).Select(_ => "ab"[random.Next(2)]));
            List<string> symbols = [.. text.Select(static c => c.ToString())];
            foreach (int rank in MergeByDefinition(merges, symbols)) Assert.IsGreaterThanOrEqualTo(0, rank);
            string[] found = [.. tokenizer.Encode(text).Select(tokenizer.GetPiece)];
            CollectionAssert.AreEqual(symbols, found, $"seed {seed}: {text}");
        }
    }

    [TestMethod]
    public void MergesMayPassThroughPartsThatAreNoTokens()
    {
        VocabularyDefinition full = TinyVocabulary.BytePair(["x y", "xy z"], []);
        List<string> tokens = [];
        for (int i = 0; i < full.Tokens.Count; i++) tokens.Add(Encoding.UTF8.GetString(full.Tokens[i]));
        tokens.Remove("xy");
        Tokenizer tokenizer = Tokenizer.Create(new VocabularyDefinition
        {
            Model = "gpt2", PreTokenizer = "gpt-2", Tokens = Utf8StringTable.FromStrings(tokens), Merges = full.Merges,
        });
        CollectionAssert.AreEqual(new[] { "xyz" }, tokenizer.Encode("xyz").Select(tokenizer.GetPiece).ToArray());
        CollectionAssert.AreEqual(new[] { "x", "y" }, tokenizer.Encode("xy").Select(tokenizer.GetPiece).ToArray());
    }

    [TestMethod]
    public void UserDefinedTokensAreAlwaysCutOutAndControlTokensOnRequest()
    {
        Tokenizer tokenizer = Tokenizer.Create(TinyVocabulary.BytePair(
            Merges, [("<u>", 4), ("<u><u>", 4), ("<|end|>", 3)], addBos: true));
        int user = 256 + Merges.Length, twice = user + 1, end = user + 2;
        CollectionAssert.AreEqual(new[] { twice, user, 'x' }, tokenizer.Encode("<u><u><u>x").Select(Plain).ToArray());
        Assert.DoesNotContain(end, tokenizer.Encode("a<|end|>b"));
        CollectionAssert.AreEqual(
            new[] { end, 'a', end, 'b' },
            tokenizer.Encode("a<|end|>b", addSpecial: true, parseSpecial: true).Select(Plain).ToArray());
        Assert.IsTrue(tokenizer.IsEndOfGeneration(end));
        Assert.IsFalse(tokenizer.IsEndOfGeneration(user));
        Assert.AreEqual("ab", tokenizer.Decode(tokenizer.Encode("a<|end|>b", parseSpecial: true)));
        CollectionAssert.AreEqual(
            new[] { "hello", "<u>", " x" }, tokenizer.Split("hello<u> x", parseSpecial: false).ToArray());

        // Bytes of ASCII letters are at their own id.
        int Plain(int token) => token;
    }

    [TestMethod]
    public void WholePieceIsTakenWhereMergesAreIgnored()
    {
        string[] merges = ["a b", "b c", "ab c"];
        VocabularyDefinition definition = TinyVocabulary.BytePair(merges, [("abcd", 1)], "llama-bpe");
        Tokenizer tokenizer = Tokenizer.Create(definition);
        Assert.HasCount(1, tokenizer.Encode("abcd"));
        Assert.HasCount(2, Tokenizer.Create(definition.WithPreTokenizer("qwen2")).Encode("abcd"));
        Assert.IsTrue(tokenizer.AddsBeginOfSequence);
    }

    [TestMethod]
    public void SentencePieceJoinsByScoreAndSpellsTheRestInBytes()
    {
        Tokenizer tokenizer = Tokenizer.Create(TinyVocabulary.SentencePiece(["▁a", "ab", "▁", "a", "b", "ba"]));
        CollectionAssert.AreEqual(new[] { "▁a", "b" }, Pieces(tokenizer, "ab"));
        CollectionAssert.AreEqual(new[] { "▁", "b", "ab" }, Pieces(tokenizer, "bab"));
        CollectionAssert.AreEqual(new[] { "▁", "<0xC3>", "<0xA9>" }, Pieces(tokenizer, "é"));
        CollectionAssert.AreEqual(new[] { 1, 259, 263 }, tokenizer.Encode("ab", addSpecial: true));
        Assert.AreEqual("ab é", tokenizer.Decode(tokenizer.Encode("ab é", addSpecial: true)));
    }

    [TestMethod]
    public void SentencePieceWithoutPrefixKeepsRunsThatUsersDefined()
    {
        Tokenizer tokenizer = Tokenizer.Create(TinyVocabulary.SentencePiece(
            ["▁", "a", "▁a"], addSpacePrefix: false, [("\n\n", 4), ("\n", 4), ("  ", 4), ("<start_of_turn>", 3)]));
        CollectionAssert.AreEqual(new[] { "a", "\n\n", "\n", "a", "  ", "▁a" }, Pieces(tokenizer, "a\n\n\na   a"));
        Assert.AreEqual("a\n\n\na   a", tokenizer.Decode(tokenizer.Encode("a\n\n\na   a")));
    }

    [TestMethod]
    public void SpacePrefixFollowsEachSpecialToken()
    {
        Tokenizer tokenizer = Tokenizer.Create(TinyVocabulary.SentencePiece(["▁", "a", "▁a"]));
        int[] tokens = tokenizer.Encode("a</s>a", parseSpecial: true);
        CollectionAssert.AreEqual(new[] { "▁a", "</s>", "▁a" }, tokens.Select(tokenizer.GetPiece).ToArray());
        Assert.AreEqual("a</s>a", tokenizer.Decode(tokens, includeSpecial: true));
    }

    [TestMethod]
    public void PhiThreeSwallowsSpaceBehindSpecialTokens()
    {
        VocabularyDefinition plain = TinyVocabulary.SentencePiece(["▁", "a", "▁a"], specials: [("<|user|>", 3)]);
        VocabularyDefinition phi = new()
        {
            Model = plain.Model, Tokens = plain.Tokens, Types = plain.Types, Scores = plain.Scores,
            ModelName = "Phi-3 mini",
        };
        Assert.HasCount(3, Tokenizer.Create(plain).Encode("<|user|>\na", parseSpecial: true)[1..]);
        CollectionAssert.AreEqual(new[] { "<|user|>", "▁a" }, Tokenizer.Create(phi)
            .Encode("<|user|>\n a", parseSpecial: true).Select(Tokenizer.Create(phi).GetPiece).ToArray());
    }

    [TestMethod]
    public void WordPieceCoversWordsFromTheLeft()
    {
        Tokenizer tokenizer = Tokenizer.Create(TinyVocabulary.WordPiece("▁un", "aff", "able", "▁cafe", "▁!", "▁日"));
        CollectionAssert.AreEqual(
            new[] { "[CLS]", "▁un", "aff", "able", "▁cafe", "▁!", "▁日", "[UNK]", "[SEP]" },
            Pieces(tokenizer, "UNaffable Café!日 unx", addSpecial: true));
        CollectionAssert.AreEqual(new[] { "[CLS]", "▁cafe" }, Pieces(tokenizer, "[CLS] cafe", parseSpecial: true));
        Assert.AreEqual("unaffable cafe", tokenizer.Decode(tokenizer.Encode("unaffable  café")));
    }

    [TestMethod]
    public void TokensOutsideTheVocabularyAreRefused()
    {
        Tokenizer tokenizer = Tokenizer.Create(TinyVocabulary.BytePair([], []));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => tokenizer.GetPiece(256));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ = tokenizer.GetBytes(-1).Length);
    }

    [TestMethod]
    public void EncodingAllocatesNothingOnceWarm()
    {
        foreach (VocabularyDefinition definition in (VocabularyDefinition[])
            [TinyVocabulary.BytePair(Merges, [("<u>", 4)]), TinyVocabulary.SentencePiece(["▁", "a", "▁a"])])
        {
            Tokenizer tokenizer = Tokenizer.Create(definition);
            byte[] text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("hello <u>world, a ", 50)));
            ArrayBufferWriter<int> tokens = new(text.Length * 3);
            long allocated = -1;
            for (int i = 0; i < 3; i++)
            {
                tokens.ResetWrittenCount();
                long before = GC.GetAllocatedBytesForCurrentThread();
                tokenizer.Encode(text, tokens, addSpecial: true, parseSpecial: true);
                allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            }

            Assert.AreEqual(0, allocated, definition.Model);
        }
    }

    private static string[] Pieces(
        Tokenizer tokenizer, string text, bool addSpecial = false, bool parseSpecial = false) =>
        [.. tokenizer.Encode(text, addSpecial, parseSpecial).Select(tokenizer.GetPiece)];

    /// <summary>Lowest rank first, leftmost first; yields the ranks applied.</summary>
    private static IEnumerable<int> MergeByDefinition(string[] merges, List<string> symbols)
    {
        while (true)
        {
            int bestRank = int.MaxValue, best = -1;
            for (int i = 0; i + 1 < symbols.Count; i++)
            {
                int rank = Array.IndexOf(merges, symbols[i] + " " + symbols[i + 1]);
                if (rank < 0 || rank >= bestRank) continue;
                (bestRank, best) = (rank, i);
            }

            if (best < 0) yield break;
            symbols[best] += symbols[best + 1];
            symbols.RemoveAt(best + 1);
            yield return bestRank;
        }
    }
}
