using Engine.Cache;
using Engine.Tests.Attention;

namespace Engine.Tests.Transformer;

/// <summary>Cross-Layer Attention: what the caches take, and approximate attention over shared ones.</summary>
[TestClass]
public sealed class SharedCacheTests
{
    private const int Length = 400;

    /// <summary>Owners, KV heads and head dimension of the kit's models.</summary>
    private static readonly Dictionary<string, (int Owners, int KvHeads, int Dimension)> Shapes = new()
    {
        ["cla-dense-front"] = (5, 2, 10),
        ["cla-gemma3-trailing"] = (7, 2, 12),
        ["cla-head46-mqa"] = (3, 1, 46),
        ["cla-head90-gqa"] = (3, 2, 90),
        ["cla-keep-ends"] = (3, 1, 10),
        ["cla-precedence"] = (4, 2, 10),
        ["cla-trailing"] = (4, 2, 10),
        ["cla1-plain"] = (4, 2, 10),
        ["cla2-gqa-kvnorm"] = (4, 2, 10),
        ["cla2-mqa"] = (5, 1, 10),
        ["cla2-swa"] = (5, 2, 10),
        ["cla3-factor"] = (4, 1, 10),
        ["cla3-short-first"] = (4, 2, 10),
        ["cla4-mha"] = (2, 4, 10),
    };

    private static readonly SessionOptions Options = new()
    {
        ContextLength = Length,
        Attention = new AttentionOptions
        {
            Mode = AttentionMode.Hyper, Leaf = 32, Block = 16, Samples = 8, Sinks = 4,
        },
    };

    public static IEnumerable<object[]> Models => ConformanceModel.Names
        .Where(name => name.StartsWith("cla", StringComparison.Ordinal)).Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void Bytes_per_token_are_those_of_the_owners(string name)
    {
        Assert.IsTrue(Shapes.TryGetValue(name, out var shape), $"{name} is new: state its owners");
        using LanguageModel model = LanguageModel.Load(ConformanceModel.Load(name).Path);
        long elements = (long)shape.Owners * shape.KvHeads * 2 * shape.Dimension;
        Assert.AreEqual(elements * sizeof(float), model.CacheBytesPerToken(CacheType.F32));
        Assert.AreEqual(elements * sizeof(ushort), model.CacheBytesPerToken());
    }

    /// <remarks>Also after going back, when orders and tiles of what was given up must not be used again.</remarks>
    [TestMethod]
    [DynamicData(nameof(Models))]
    public void Approximate_attention_is_the_same_on_any_number_of_threads(string name)
    {
        string path = ConformanceModel.Load(name).Path;
        float[]? expected = null;
        foreach (int threads in (int[])[1, 2, 3])
        {
            using LanguageModel model = LanguageModel.Load(path, new ModelOptions { Threads = threads });
            int[] tokens = Tokens(model, 1), others = Tokens(model, 2);
            using Session session = model.CreateSession(Options), exact = model.CreateSession(
                Options with { Attention = new AttentionOptions() });
            float[] found = All(session, tokens);
            expected ??= found;
            CollectionAssert.AreEqual(expected, found, $"{threads} threads");
            session.Truncate(0);
            _ = All(session, others);
            session.Truncate(0);
            CollectionAssert.AreEqual(expected, All(session, tokens), $"{threads} threads, again");
            // Where all layers have a sliding window nothing is approximated.
            if (session.Hyper is null) Assert.AreEqual("cla2-swa", name);
            else CollectionAssert.AreNotEqual(expected, All(exact, tokens), "nothing was approximated");
        }
    }

    [TestMethod]
    [DataRow("cla2-mqa")]
    [DataRow("cla3-short-first")]
    [DataRow("cla-trailing")]
    public void Approximate_attention_over_shared_caches_allocates_nothing(string name)
    {
        using LanguageModel model = LanguageModel.Load(ConformanceModel.Load(name).Path,
            new ModelOptions { Threads = 2, BatchTokens = 48 });
        using Session session = model.CreateSession(Options);
        int[] tokens = Tokens(model, 1);
        long least = long.MaxValue;
        for (int round = 0; round < 6; round++)
        {
            session.Reset();
            long before = GC.GetTotalAllocatedBytes(precise: true);
            for (int first = 0; first < Length - 40; first += 40) session.Prefill(tokens.AsSpan(first, 40));
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        Assert.AreEqual(0, least);
    }

    private static int[] Tokens(LanguageModel model, int step) =>
        [.. HyperSessionTests.Tokens(Length).Select(token => token * step % model.VocabularySize)];

    private static float[] All(Session session, ReadOnlySpan<int> tokens)
    {
        var all = new List<float>();
        session.Evaluate(tokens, (_, logits) => all.AddRange(logits));
        return [.. all];
    }
}
