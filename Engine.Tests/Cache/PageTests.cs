using Engine.Attention;
using Engine.Cache;
using Engine.Isa;
using Engine.Kernels;
using Engine.Memory;
using Engine.Sampling;
using Engine.Tests.Transformer;
using Engine.Transformer;

namespace Engine.Tests.Cache;

/// <summary>Page selection: bounds, what is always read, what is found, and what it costs.</summary>
[TestClass]
public sealed unsafe class PageTests
{
    private const int Dimension = 20, Slots = 400;

    private static readonly VectorKernels Vector = VectorKernels.For(InstructionSets.Best);

    [TestMethod]
    [DataRow(CacheType.F32)]
    [DataRow(CacheType.F16)]
    [DataRow(CacheType.Q8_0)]
    public void A_page_with_the_key_that_a_query_asks_for_is_found(CacheType type)
    {
        for (int planted = 40; planted < 300; planted += 13)
        {
            using KvRing ring = Filled(type, planted);
            using var selector = new PageSelector(Vector, budget: 128, sinks: 20, Slots, workers: 1);
            List<int> read = Read(selector, ring, position: Slots - 1, queries: Query(0), out _);
            CollectionAssert.Contains(read, planted);
            for (int p = 0; p < 20; p++) CollectionAssert.Contains(read, p);
            for (int p = Slots - PageSelector.Recent; p < Slots; p++) CollectionAssert.Contains(read, p);
            Assert.AreEqual(128, read.Count);
        }
    }

    [TestMethod]
    public void Every_head_of_a_group_has_a_say()
    {
        using KvRing ring = Filled(CacheType.F32, planted: 100);
        float* other = (float*)(ring.Keys(0) + 250 * ring.KeyRowBytes);
        new Span<float>(other, Dimension).Clear();
        other[1] = 50;
        PageBounds.Update(Vector, ring, 0, 0, ring.Pages!.Count - 1, null);
        using var selector = new PageSelector(Vector, budget: 96, sinks: 16, Slots, workers: 1);
        // The second head's query is a hundred times as long; it must not drown the first.
        float[] queries = [.. Query(0), .. Query(1).Select(x => 100 * x)];
        List<int> read = Read(selector, ring, Slots - 1, queries, out _);
        CollectionAssert.Contains(read, 100);
        CollectionAssert.Contains(read, 250);
    }

    [TestMethod]
    public void A_budget_for_all_reads_all_as_it_is()
    {
        using KvRing ring = Filled(CacheType.F16, 77);
        using var selector = new PageSelector(Vector, Slots, sinks: 4, Slots, workers: 1);
        AttentionTask task = default;
        task.First = new SlotRange(0, Slots);
        Assert.IsFalse(selector.Select(ref task, ring, 0, 0));
        Assert.AreEqual(new SlotRange(0, Slots), task.First);
    }

    [TestMethod]
    public void Bounds_follow_what_is_overwritten_and_taken_back()
    {
        using var runner = new Runner(ConformanceModel.Load("gemma3").Path, batchRows: 8);
        var policy = new SequencePolicy(Slides: true, 4, PageBudget: 32);
        using Sequence sequence = runner.Model.OpenSequence(70, CacheType.F16, policy);
        var random = new Random(3);
        for (int step = 0; step < 120; step++)
        {
            if (sequence.Cache.Length == 70) runner.Model.Slide(sequence);
            if (random.Next(4) == 0) sequence.Cache.Truncate(Math.Max(4, sequence.Cache.Length - random.Next(3)));
            int count = Math.Min(random.Next(1, 9), 70 - sequence.Cache.Length);
            runner.Logits(sequence, Enumerable.Range(step, count).ToArray(), [count]);
            if (step % 40 == 20)
            {
                sequence.Cache.Evict(5);
                runner.Model.Forward.CloseGap(sequence);
            }

            for (int group = 0; group < sequence.Cache.Groups; group++) AssertBounded(sequence.Cache.Ring(group));
        }
    }

    [TestMethod]
    [DataRow("llama-tied")]
    [DataRow("gemma3")]
    [DataRow("cla2-swa")]
    public void Guesses_and_threads_change_nothing_of_what_is_generated(string name)
    {
        ConformanceModel reference = ConformanceModel.Load(name);
        var generation = new GenerationOptions
        {
            Sampling = SamplingOptions.Greedy, MaxTokens = 250, IgnoreEndOfGeneration = true,
        };
        foreach (ContextOverflow overflow in Enum.GetValues<ContextOverflow>())
        {
            int[]? expected = null;
            foreach (int threads in (int[])[1, 2])
            {
                using LanguageModel model = LanguageModel.Load(reference.Path, new ModelOptions { Threads = threads });
                foreach (SpeculationOptions? guesses in (SpeculationOptions?[])
                    [null, new(), new() { DraftModel = model, MaxDraftTokens = 10 }])
                {
                    using Session session = model.CreateSession(new SessionOptions
                    {
                        ContextLength = overflow == ContextOverflow.Stop ? 300 : 150, SinkTokens = 16, PageBudget = 112,
                        Overflow = overflow,
                    });
                    int[] found = [.. session.Generate(reference.Tokens.AsSpan(0, 30),
                        generation with { Speculation = guesses }).Tokens];
                    expected ??= found;
                    CollectionAssert.AreEqual(expected, found, $"{overflow} {threads} {guesses}");
                }
            }
        }
    }

    [TestMethod]
    public void A_larger_budget_errs_less_and_one_for_all_gives_the_exact_bits()
    {
        ConformanceModel reference = ConformanceModel.Load("llama-tied");
        using LanguageModel model = LanguageModel.Load(reference.Path, new ModelOptions { Threads = 2 });
        float[] exact = Run(model, 0, out _);
        CollectionAssert.AreEqual(exact, Run(model, 320, out PageErrors? all));
        Assert.AreEqual(0, all!.OutputError);
        double last = double.MaxValue;
        foreach (int budget in (int[])[64, 128, 224])
        {
            Run(model, budget, out PageErrors? errors);
            Assert.IsLessThan(last, errors!.OutputError);
            Assert.IsGreaterThan(0, errors.OutputError);
            Assert.IsGreaterThan(0, errors.LogSumExpError);
            Assert.IsLessThan(1, errors.SlotsRead);
            last = errors.OutputError;
        }
    }

    [TestMethod]
    public void Selecting_allocates_nothing()
    {
        ConformanceModel reference = ConformanceModel.Load("gemma3");
        using LanguageModel model = LanguageModel.Load(reference.Path, new ModelOptions { Threads = 2 });
        using Session session = model.CreateSession(new SessionOptions { ContextLength = 300, PageBudget = 64 });
        var sampler = new Sampler(SamplingOptions.Greedy, model.VocabularySize, session.ContextLength);
        long least = long.MaxValue;
        for (int round = 0; round < 6; round++)
        {
            session.Reset();
            session.Prefill(reference.Tokens.AsSpan(0, 60));
            long before = GC.GetTotalAllocatedBytes(precise: true);
            for (int i = 0; i < 200; i++) session.Next(sampler);
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        Assert.AreEqual(0, least);
    }

    private static float[] Run(LanguageModel model, int budget, out PageErrors? errors)
    {
        using Session session = model.CreateSession(new SessionOptions
        {
            ContextLength = 320, SinkTokens = 8, PageBudget = budget,
        });
        using PageErrors? measured = errors = session.MeasurePages();
        var logits = new List<float>();
        session.Prefill([.. Enumerable.Range(0, 200).Select(i => i * 37 % 311)]);
        for (int i = 0; i < 60; i++) logits.AddRange(session.Prefill([i]).ToArray());
        return [.. logits];
    }

    private static float[] Query(int element) => [.. Enumerable.Range(0, Dimension).Select(k => k == element ? 1f : 0)];

    /// <summary>A full ring of small random keys, and one that only element 0 asks for.</summary>
    private static KvRing Filled(CacheType type, int planted)
    {
        int rowBytes = CacheRows.RowBytes(type, Dimension);
        var ring = new KvRing(new CacheShape(0, 1, Dimension, Dimension, 0), Slots, type, rowBytes, rowBytes)
        {
            Pages = new KvPages(1, Slots, Dimension),
        };
        var random = new Random(planted);
        float* x = stackalloc float[Dimension];
        for (int p = 0; p < Slots; p++)
        {
            for (int k = 0; k < Dimension; k++) x[k] = random.NextSingle() - 0.5f;
            if (p == planted) x[0] = 30;
            CacheRows.Write(Vector, type, x, Dimension, ring.Keys(0) + ring.Claim(p) * rowBytes, 32);
        }

        PageBounds.Update(Vector, ring, 0, 0, ring.Pages.Count - 1, x);
        return ring;
    }

    private static List<int> Read(PageSelector selector, KvRing ring, int position, float[] queries,
        out AttentionTask task)
    {
        fixed (float* query = queries)
        {
            task = new AttentionTask
            {
                Query = query,
                QueryHeadStride = Dimension,
                GroupHeads = queries.Length / Dimension,
                Rows = 1,
                Positions = &position,
                KeyDimension = Dimension,
                Scale = 1,
            };
            ring.Visible(position, position, out int begin1, out int end1, out int begin2, out int end2);
            (task.First, task.Second) = (new SlotRange(begin1, end1), new SlotRange(begin2, end2));
            Assert.IsTrue(selector.Select(ref task, ring, 0, 0));
            var read = new List<int>();
            for (int i = 0; i < task.MoreCount; i++)
                for (int slot = task.More[i].Begin; slot < task.More[i].End; slot++) read.Add(ring.Positions[slot]);
            return read;
        }
    }

    private static void AssertBounded(KvRing ring)
    {
        int n = ring.Shape.KeyDimension;
        using var x = new AlignedBuffer<float>(n);
        for (int head = 0; head < ring.Shape.KvHeads; head++)
        {
            for (int slot = 0; slot < ring.Capacity; slot++)
            {
                if (ring.Positions[slot] < 0) continue;
                CacheRows.Read(Vector, ring.Type, ring.Keys(head) + slot * ring.KeyRowBytes, x.Pointer, n);
                int page = slot / KvPages.Slots;
                for (int k = 0; k < n; k++)
                {
                    Assert.IsLessThanOrEqualTo(x.Pointer[k], ring.Pages!.Low(head, page)[k]);
                    Assert.IsGreaterThanOrEqualTo(x.Pointer[k], ring.Pages.High(head, page)[k]);
                }
            }
        }
    }
}
