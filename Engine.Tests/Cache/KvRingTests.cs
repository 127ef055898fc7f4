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
