using Engine.Sampling;
using Engine.Tests.Transformer;

namespace Engine.Tests;

/// <summary>Guessing ahead changes nothing of what is generated.</summary>
[TestClass]
public sealed class SpeculationTests
{
    private static readonly string Shipped = "smollm2-135m-instruct-q4_1.gguf";

    private static readonly SpeculationOptions[] Lookups =
    [
        new(), new() { MaxDraftTokens = 1 }, new() { MaxDraftTokens = SpeculationOptions.LargestDraft, MinNGram = 1 },
    ];

    [TestMethod]
    [DataRow("llama-tied")]
    [DataRow("gemma3")]
    [DataRow("cla2-swa")]
    [DataRow("qwen3")]
    [DataRow("gpt2")]
    public void GreedyTokensOfTinyModelsAreTheSame(string name)
    {
        ConformanceModel reference = ConformanceModel.Load(name);
        // A small step leaves the rings of sliding windows little slack.
        foreach (int batch in (int[])[2, 4, 64])
        {
            using LanguageModel model = LanguageModel.Load(reference.Path,
                new ModelOptions { Threads = 1, BatchTokens = batch });
            int accepted = 0;
            foreach (int start in (int[])[0, 7, 20])
            {
                int[] prompt = [.. reference.Tokens[start..(start + 6)], .. reference.Tokens[start..(start + 4)]];
                var options = new GenerationOptions
                {
                    Sampling = SamplingOptions.Greedy, MaxTokens = 48, IgnoreEndOfGeneration = true,
                };
                GenerationResult plain = Generate(model, prompt, options);
                foreach (SpeculationOptions lookup in Lookups)
                    accepted += Same(plain, Generate(model, prompt, options with { Speculation = lookup }));
                var twin = new SpeculationOptions { DraftModel = model };
                accepted += Same(plain, Generate(model, prompt, options with { Speculation = twin }));
            }

            Assert.IsGreaterThan(0, accepted, name);
        }
    }

    [TestMethod]
    [DataRow("List the numbers: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,")]
    [DataRow("The cat sat on the mat. The cat sat on the mat. The cat sat on")]
    [DataRow("for (int i = 0; i < n; i++) sum += a[i];\nfor (int j = 0; j < n; j++) sum += b[j];\nfor (int")]
    public void GreedyTextOfARealModelIsTheSame(string text)
    {
        using LanguageModel model = LanguageModel.Load(TestData.Model(Shipped), new ModelOptions { Threads = 2 });
        int[] prompt = model.Tokenize(text);
        var options = new GenerationOptions { Sampling = SamplingOptions.Greedy, MaxTokens = 40 };
        GenerationResult plain = Generate(model, prompt, options);
        GenerationResult looked = Generate(model, prompt, options with { Speculation = new SpeculationOptions() });
        Assert.IsGreaterThan(0, Same(plain, looked));
    }

    [TestMethod]
    public void PenaltiesAndASeedGiveTheSameTokensWithLookup()
    {
        // A guess without a distribution takes the random numbers that a draw without guesses takes.
        using LanguageModel model = Open();
        var options = new GenerationOptions
        {
            MaxTokens = 60,
            IgnoreEndOfGeneration = true,
            Sampling = new SamplingOptions
            {
                Seed = 3, Temperature = 0.3f, RepetitionPenalty = 1.02f, FrequencyPenalty = 0.01f, RepeatLastN = 16,
            },
        };
        GenerationResult plain = Generate(model, [1, 2, 3, 1, 2], options);
        var lookup = new SpeculationOptions { MinNGram = 1, MaxNGram = 2 };
        GenerationResult looked = Generate(model, [1, 2, 3, 1, 2], options with { Speculation = lookup });
        Same(plain, looked);
        Assert.IsGreaterThan(0, looked.DraftTokens);
        Assert.IsLessThanOrEqualTo(looked.DraftTokens, looked.AcceptedTokens);
    }

    [TestMethod]
    public void EndsWithinAnAcceptedGuessAreKept()
    {
        using LanguageModel model = LanguageModel.Load(TestData.Model(Shipped), new ModelOptions { Threads = 2 });
        int[] prompt = model.Tokenize("one two three four five six. one two three four five six. one two three");
        var options = new GenerationOptions { Sampling = SamplingOptions.Greedy, MaxTokens = 12 };
        GenerationResult whole = Generate(model, prompt, options);
        for (int tokens = 1; tokens < 12; tokens++)
        {
            foreach (GenerationOptions ending in new[]
                {
                    options with { MaxTokens = tokens },
                    options with { StopTokens = [whole.Tokens[tokens]] },
                    options with { StopStrings = [whole.Text.Substring(tokens * 2, 3)] },
                })
            {
                using Session plain = model.CreateSession();
                using Session looked = model.CreateSession();
                GenerationOptions guessing = ending with { Speculation = new SpeculationOptions() };
                Same(plain.Generate(prompt, ending), looked.Generate(prompt, guessing));
                CollectionAssert.AreEqual(plain.Tokens.ToArray(), looked.Tokens.ToArray());
                // The conversation goes on as if nothing had been guessed.
                Same(plain.Generate([], options with { MaxTokens = 2 }), looked.Generate([], guessing with
                {
                    MaxTokens = 2, StopTokens = [], StopStrings = [],
                }));
            }
        }
    }

    [TestMethod]
    public void AFullContextEndsTheTextAtTheSameToken()
    {
        using LanguageModel model = Open();
        var options = new GenerationOptions { Sampling = SamplingOptions.Greedy, IgnoreEndOfGeneration = true };
        for (int context = 6; context < 30; context++)
        {
            GenerationResult plain = Generate(model, [1, 2, 3, 1, 2], options, context);
            Assert.AreEqual(StopReason.Context, plain.StopReason);
            foreach (SpeculationOptions lookup in Lookups)
                Same(plain, Generate(model, [1, 2, 3, 1, 2], options with { Speculation = lookup }, context));
            var twin = new SpeculationOptions { DraftModel = model };
            Same(plain, Generate(model, [1, 2, 3, 1, 2], options with { Speculation = twin }, context));
        }
    }

    [TestMethod]
    public void ADraftModelGoesAlongWithAConversation()
    {
        using LanguageModel model = Open();
        using LanguageModel twin = Open();
        using Session session = model.CreateSession(new SessionOptions { ContextLength = 200 });
        var options = new GenerationOptions
        {
            Sampling = SamplingOptions.Greedy, MaxTokens = 21, IgnoreEndOfGeneration = true,
            Speculation = new SpeculationOptions { DraftModel = twin, MaxDraftTokens = 4 },
        };
        for (int round = 0; round < 3; round++)
        {
            session.KeepPrefix(session.Tokens[..(session.Length / 2)]);
            GenerationResult result = session.Generate([1, 2, round], options);
            Assert.HasCount(21, result.Tokens);
            // A twin is right but for rounding: one token from the prompt's logits, then four steps of five.
            Assert.AreEqual(16, result.DraftTokens);
            Assert.AreEqual(16, result.AcceptedTokens);
        }
    }

    [TestMethod]
    public void ADraftModelWithAnotherVocabularyIsRefused()
    {
        using LanguageModel model = Open();
        using LanguageModel other = LanguageModel.Load(TestData.Model(Shipped), new ModelOptions { Threads = 1 });
        using Session session = model.CreateSession();
        var options = new GenerationOptions { Speculation = new SpeculationOptions { DraftModel = other } };
        Assert.ThrowsExactly<InvalidOperationException>(() => session.Generate([1, 2, 3], options));
        Assert.AreEqual(0, session.Length);
    }

    [TestMethod]
    public void OptionsOutsideTheirRangesAreRefused()
    {
        foreach (SpeculationOptions wrong in new SpeculationOptions[]
            {
                new() { MaxDraftTokens = 0 }, new() { MaxDraftTokens = SpeculationOptions.LargestDraft + 1 },
                new() { MinNGram = 0 }, new() { MaxNGram = 1 },
            })
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(wrong.Validate);
    }

    [TestMethod]
    public void LookupFindsTheLongestAndLatestMatchAndContinuesPeriods()
    {
        var draft = new PromptLookupDraft(2, 3);
        int[] Propose(int room, params int[] tokens)
        {
            var guesses = new int[room];
            return guesses[..draft.Propose(tokens, guesses)];
        }

        CollectionAssert.AreEqual(new[] { 4, 9 }, Propose(2, 1, 2, 3, 4, 9, 2, 3, 5, 1, 2, 3));
        CollectionAssert.AreEqual(new[] { 5, 7 }, Propose(2, 2, 3, 4, 9, 2, 3, 5, 7, 2, 3));
        CollectionAssert.AreEqual(new[] { 8, 8, 8, 8 }, Propose(4, 1, 8, 8, 8));
        CollectionAssert.AreEqual(new[] { 6, 5, 6 }, Propose(3, 5, 6, 5, 6, 5));
        foreach (int[] none in (int[][])[[], [1], [1, 1], [1, 2, 3], [1, 3, 2, 3, 4]]) Assert.IsEmpty(Propose(3, none));
    }

    private static LanguageModel Open() =>
        LanguageModel.Load(ConformanceModel.Load("llama-tied").Path, new ModelOptions { Threads = 1 });

    private static GenerationResult Generate(LanguageModel model, int[] prompt, GenerationOptions options,
        int context = 128)
    {
        using Session session = model.CreateSession(new SessionOptions { ContextLength = context });
        return session.Generate(prompt, options);
    }

    private static int Same(GenerationResult plain, GenerationResult guessed)
    {
        CollectionAssert.AreEqual(plain.Tokens.ToArray(), guessed.Tokens.ToArray());
        Assert.AreEqual(plain.Text, guessed.Text);
        Assert.AreEqual(plain.StopReason, guessed.StopReason);
        Assert.AreEqual(0, plain.DraftTokens);
        Assert.IsLessThanOrEqualTo(guessed.DraftTokens, guessed.AcceptedTokens);
        return guessed.AcceptedTokens;
    }
}
