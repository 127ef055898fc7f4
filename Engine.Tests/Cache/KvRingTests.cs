using Engine.Cache;

namespace Engine.Tests.Cache;

[TestClass]
public sealed class KvRingTests
{
    [TestMethod]
    public void Two_ranges_hold_every_visible_slot_and_no_position_twice()
    {
        const int Window = 5, Batch = 4, Context = 60;
        foreach (int window in new[] { 0, Window })
        {
            int capacity = window > 0 ? Window - 1 + Batch : Context;
            using var ring = new KvRing(new CacheShape(0, 2, 8, 8, window), capacity, CacheType.F32, 128, 128);
            for (int length = 0; length + Batch <= Context; length += Batch)
            {
                for (int i = 0; i < Batch; i++) ring.Claim(length + i);
                AssertVisible(ring, length, length + Batch - 1, window);
            }
        }
    }

    [TestMethod]
    public unsafe void Truncation_forgets_later_positions()
    {
        using var ring = new KvRing(new CacheShape(0, 1, 8, 8, 0), 16, CacheType.F16, 64, 64);
        for (int i = 0; i < 10; i++) ring.Claim(i);
        ring.Truncate(4);
        for (int slot = 0; slot < 16; slot++) Assert.AreEqual(slot < 4 ? slot : -1, ring.Positions[slot]);
    }

    [TestMethod]
    public void What_was_overwritten_stays_lost_when_going_back_twice()
    {
        using var ring = new KvRing(new CacheShape(0, 1, 8, 8, 16), 20, CacheType.F32, 128, 128);
        for (int i = 0; i < 100; i++) ring.Claim(i);
        // The ring holds 80 … 99: the window of position 96 begins at 81, that of 92 at 77.
        ring.Truncate(96);
        Assert.ThrowsExactly<InvalidOperationException>(() => ring.Truncate(92));
        ring.Truncate(0);
        for (int i = 0; i < 20; i++) ring.Claim(i);
        ring.Truncate(3);
    }

    [TestMethod]
    public unsafe void A_refused_truncation_changes_no_ring()
    {
        var full = new KvRing(new CacheShape(0, 1, 8, 8, 0), 100, CacheType.F32, 128, 128);
        var window = new KvRing(new CacheShape(1, 1, 8, 8, 16), 20, CacheType.F32, 128, 128);
        using var cache = new SequenceCache([full, window], 100);
        cache.Append(90);
        Assert.ThrowsExactly<InvalidOperationException>(() => cache.Truncate(40));
        Assert.AreEqual(90, cache.Length);
        Assert.AreEqual(89, full.Positions[89]);
    }

    private static unsafe void AssertVisible(KvRing ring, int low, int high, int window)
    {
        ring.Visible(low, high, out int begin1, out int end1, out int begin2, out int end2);
        var held = new List<int>();
        for (int slot = begin1; slot < end1; slot++) held.Add(ring.Positions[slot]);
        for (int slot = begin2; slot < end2; slot++) held.Add(ring.Positions[slot]);
        Assert.AreEqual(held.Count, held.Distinct().Count());
        for (int row = low; row <= high; row++)
            for (int p = window > 0 ? Math.Max(0, row - window + 1) : 0; p <= row; p++)
                CollectionAssert.Contains(held, p);
    }
}
