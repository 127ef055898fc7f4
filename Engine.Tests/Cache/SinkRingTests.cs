using Engine.Cache;

namespace Engine.Tests.Cache;

/// <summary>Rings with sinks against a plain list of positions, over long runs of random steps.</summary>
[TestClass]
public sealed class SinkRingTests
{
    [TestMethod]
    public void The_first_positions_keep_their_slots_and_the_others_go_round()
    {
        const int Sinks = 3, Capacity = 10;
        using var ring = new KvRing(new CacheShape(0, 1, 8, 8, 5), Capacity, CacheType.F32, 128, 128, Sinks);
        for (int p = 0; p < 40; p++)
        {
            Assert.AreEqual(p < Sinks ? p : Sinks + (p - Sinks) % (Capacity - Sinks), ring.Slot(p));
            Assert.AreEqual(ring.Slot(p), ring.Claim(p));
        }
    }

    [TestMethod]
    [DataRow(0, 0)]
    [DataRow(4, 0)]
    [DataRow(0, 12)]
    [DataRow(4, 12)]
    [DataRow(17, 12)]
    public void Random_steps_leave_just_what_a_list_of_positions_has(int sinks, int window)
    {
        const int Context = 48, Batch = 4;
        for (int seed = 0; seed < 40; seed++)
        {
            int capacity = window > 0 ? Math.Min(Context, sinks + window - 1 + Batch) : Context;
            using var cache = new SequenceCache(
                [new KvRing(new CacheShape(0, 1, 8, 8, window), capacity, CacheType.F32, 128, 128, sinks)], Context)
            {
                Slides = true, PositionLimit = Context + seed,
            };
            Drive(cache, new Random(seed), sinks, window, Batch);
        }
    }

    [TestMethod]
    public unsafe void A_shift_moves_positions_and_no_row()
    {
        using var ring = new KvRing(new CacheShape(0, 1, 8, 8, 0), 20, CacheType.F32, 128, 128, 4);
        using var cache = new SequenceCache([ring], 20) { Slides = true };
        cache.Append(20);
        int slot = ring.Slot(15);
        cache.Evict(6);
        Assert.AreEqual(14, cache.Length);
        Assert.AreEqual(20, cache.NextPosition);
        Assert.AreEqual(-1, ring.Positions[ring.Slot(9)]);
        cache.CloseGap();
        Assert.AreEqual(14, cache.NextPosition);
        Assert.AreEqual(slot, ring.Slot(9));
        Assert.AreEqual(9, ring.Positions[slot]);
        cache.Append(6);
        Assert.AreEqual(20, cache.Length);
        cache.Truncate(4);
        Assert.AreEqual(0, ring.Turn);
        Assert.AreEqual(3, ring.Highest);
    }

    private static void Drive(SequenceCache cache, Random random, int sinks, int window, int batch)
    {
        var model = new List<int>();
        for (int step = 0; step < 300; step++)
        {
            if (cache.Length == cache.ContextLength)
            {
                int count = cache.SlideStep;
                cache.Evict(count);
                model.RemoveRange(sinks, count);
                if (cache.MustCloseGap)
                {
                    int gap = cache.Gap;
                    cache.CloseGap();
                    for (int i = sinks; i < model.Count; i++) model[i] -= gap;
                }
            }

            if (random.Next(6) == 0 && model.Count > 0) GoBack(cache, model, random, sinks);
            int more = Math.Min(random.Next(1, batch + 1), cache.ContextLength - cache.Length);
            int position = cache.NextPosition;
            cache.Append(more);
            for (int i = 0; i < more; i++) model.Add(position + i);
            Assert.IsLessThan(cache.PositionLimit, model[^1]);
            AssertSame(cache.Ring(0), model, position, position + more - 1, window);
        }

        Assert.IsGreaterThan(0, model.Count);
    }

    private static void GoBack(SequenceCache cache, List<int> model, Random random, int sinks)
    {
        int length = random.Next(5) == 0 ? random.Next(cache.Length) : Math.Max(0, cache.Length - random.Next(4));
        try
        {
            cache.Truncate(length);
        }
        catch (InvalidOperationException)
        {
            // Only a window's ring may refuse, and never to go back to the sinks.
            Assert.IsGreaterThan(0, cache.Ring(0).Shape.Window);
            Assert.IsGreaterThan(sinks, length);
            return;
        }

        model.RemoveRange(length, model.Count - length);
        Assert.AreEqual(length, cache.Length);
    }

    private static unsafe void AssertSame(KvRing ring, List<int> model, int low, int high, int window)
    {
        ring.Visible(low, high, out int begin1, out int end1, out int begin2, out int end2);
        var found = new List<int>();
        for (int slot = begin1; slot < end1; slot++) found.Add(ring.Positions[slot]);
        for (int slot = begin2; slot < end2; slot++) found.Add(ring.Positions[slot]);
        int from = window > 0 ? low - window + 1 : 0;
        CollectionAssert.AreEquivalent(model.Where(p => p >= from).ToList(), found);
        foreach (int p in found) Assert.AreEqual(p, ring.Positions[ring.Slot(p)]);
        var runs = ring.Runs().ToList();
        Assert.IsLessThanOrEqualTo(3, runs.Count);
        var held = runs.SelectMany(run => Enumerable.Range(run.Slot, run.Count)).Select(s => ring.Positions[s])
            .ToList();
        CollectionAssert.AreEqual(held.Order().ToList(), held);
        CollectionAssert.IsSubsetOf(found, held);
    }
}
