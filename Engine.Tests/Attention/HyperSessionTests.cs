using Engine.Tests.Cli;

namespace Engine.Tests.Attention;

/// <summary>Approximate attention beside what else a session does with its cache.</summary>
[TestClass]
public sealed class HyperSessionTests
{
    private const int Context = 704, Leaf = 64;

    private static readonly string Tales = TestData.Model("tales-cla2-q8_0.gguf");

    private static readonly AttentionOptions Approximate = new()
    {
        Mode = AttentionMode.Hyper, Leaf = Leaf, Block = 32, Samples = 32, Sinks = 8,
    };

    private static readonly SessionOptions Options = new() { ContextLength = Context, Attention = Approximate };

    [TestMethod]
    [DataRow(AttentionMode.Hyper)]
    [DataRow(AttentionMode.Auto)]
    public void AContextThatSlidesIsRefused(AttentionMode mode)
    {
        using LanguageModel model = LanguageModel.Load(Tales);
        SessionOptions slides = Options with
        {
            Overflow = ContextOverflow.KeepSinksAndRecent, Attention = Approximate with { Mode = mode },
        };
        ArgumentException error = Assert.ThrowsExactly<ArgumentException>(() => model.CreateSession(slides));
        Assert.Contains("slides", error.Message);
        using Session exact = model.CreateSession(slides with { Attention = new AttentionOptions() });
        foreach (string command in (string[])["run", "chat"])
        {
            var console = new TestConsole("");
            string[] arguments = command == "run" ? [Tales, "--prompt", "x"] : [];
            Assert.AreEqual(1, console.Run([command, .. arguments, "--overflow", "slide", "--attention",
                mode == AttentionMode.Auto ? "auto" : "hyper"]));
            Assert.Contains("attention cannot be approximate in a context that slides", console.ErrorText);
        }
    }

    /// <remarks>A token whose cache is divided among workers is put together after attention; the rows that are
    /// approximated next must not be taken for it.</remarks>
    [TestMethod]
    public void ATokenThatWasDividedLeavesNoTrace()
    {
        const int Before = 9 * Leaf;
        int[] tokens = Tokens(Context);
        using LanguageModel model = LanguageModel.Load(Tales);
        float[] Logits(bool undividedBetween)
        {
            using Session session = model.CreateSession(Options), other = model.CreateSession();
            session.Prefill(tokens.AsSpan(0, Before));
            session.Prefill(tokens.AsSpan(Before, 1));
            if (undividedBetween) other.Prefill(tokens.AsSpan(0, 1));
            return session.Prefill(tokens.AsSpan(Before + 1)).ToArray();
        }

        CollectionAssert.AreEqual(Logits(undividedBetween: true), Logits(undividedBetween: false));
    }

    [TestMethod]
    public void PagesAreSelectedForTheAnswerOnly()
    {
        int[] tokens = Tokens(Context);
        using LanguageModel model = LanguageModel.Load(Tales);
        using Session all = model.CreateSession(Options), some = model.CreateSession(Options with { PageBudget = 96 });
        CollectionAssert.AreEqual(LastOf(all, tokens.AsSpan(0, 640)), LastOf(some, tokens.AsSpan(0, 640)));
        CollectionAssert.AreNotEqual(all.Prefill(tokens.AsSpan(640, 1)).ToArray(),
            some.Prefill(tokens.AsSpan(640, 1)).ToArray());
    }

    /// <summary>Logits of the last token, in a step that computes those of all: otherwise the last layers take that
    /// token alone, as one that is generated.</summary>
    private static float[] LastOf(Session session, ReadOnlySpan<int> tokens)
    {
        float[] last = [];
        session.Evaluate(tokens, (_, logits) => last = logits[^session.Model.VocabularySize..].ToArray());
        return last;
    }

    internal static int[] Tokens(int count)
    {
        var tokens = new int[count];
        uint state = 1;
        for (int i = 0; i < count; i++)
        {
            state = (state * 1664525) + 1013904223;
            tokens[i] = 1 + ((int)(state >> 16) % 900);
        }

        return tokens;
    }
}
