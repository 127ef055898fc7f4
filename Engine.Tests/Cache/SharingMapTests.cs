using Engine.Cache;

namespace Engine.Tests.Cache;

[TestClass]
public sealed class SharingMapTests
{
    [TestMethod]
    public void A_factor_puts_the_short_group_last()
    {
        SharingMap map = SharingMap.FromFactor("key", 3, 8);
        CollectionAssert.AreEqual(new[] { 0, 0, 0, 3, 3, 3, 6, 6 }, Owners(map));
        CollectionAssert.AreEqual(new[] { 0, 3, 6 }, map.OwnerLayers);
        Assert.AreEqual(2, map.Group(7));
    }

    [TestMethod]
    public void Trailing_layers_read_the_last_owner_of_their_type()
    {
        SharingMap map = SharingMap.FromTrailing("key", 3, [16, 16, 0, 16, 16, 0, 16]);
        CollectionAssert.AreEqual(new[] { 0, 1, 2, 3, 3, 2, 3 }, Owners(map));
    }

    [TestMethod]
    [DataRow(new uint[] { 0, 2, 2 }, "[1]")]
    [DataRow(new uint[] { 0, 0, 1 }, "[2]")]
    [DataRow(new uint[] { 0, 0 }, "3 entries")]
    [DataRow(new uint[] { 0, 0, uint.MaxValue }, "[2]")]
    public void A_map_that_points_forward_or_to_a_borrower_is_refused_with_the_entry(uint[] entries, string named)
    {
        var error = Assert.ThrowsExactly<ModelFormatException>(() => SharingMap.FromMap("kv_layer_map", entries, 3));
        StringAssert.Contains(error.Message, named);
    }

    [TestMethod]
    public void Trailing_layers_without_an_owner_of_their_type_are_refused() =>
        Assert.ThrowsExactly<ModelFormatException>(() => SharingMap.FromTrailing("key", 2, [16, 16, 16, 0]));

    private static int[] Owners(SharingMap map) => [.. Enumerable.Range(0, map.Layers).Select(map.Owner)];
}
